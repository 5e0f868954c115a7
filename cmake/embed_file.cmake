# Run as a script: writes INPUT as the bytes of a C array into OUTPUT.
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
file(WRITE ${OUTPUT} "/* Made from ${NAME}.html at build time. */\nstatic const unsigned char embed_${NAME}[] = {${bytes}};\n")
