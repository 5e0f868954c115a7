# Run as a script: writes the files of DIRECTORY as one table of names and bytes into OUTPUT.
file(GLOB files RELATIVE ${DIRECTORY} ${DIRECTORY}/*)
list(SORT files)
set(arrays "")
set(rows "")
set(n 0)
foreach(name ${files})
  file(READ ${DIRECTORY}/${name} bytes HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  string(APPEND arrays "static const unsigned char embed_explorer_${n}[] = {${bytes}};\n")
  string(APPEND rows "    {\"${name}\", embed_explorer_${n}, sizeof embed_explorer_${n}},\n")
  math(EXPR n "${n} + 1")
endforeach()
file(WRITE ${OUTPUT} "/* Made from web/explorer at build time. */\n${arrays}\
static const struct {\n    const char *name;\n    const unsigned char *bytes;\n    unsigned long size;\n\
} embed_explorer[] = {\n${rows}};\n")
