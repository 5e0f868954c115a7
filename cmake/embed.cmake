# Makes C arrays of the files in web/: web/welcome.html becomes embed_welcome in embed/welcome.h, and
# all of web/explorer the table embed_explorer in embed/explorer.h.
set(EMBED_DIR ${CMAKE_BINARY_DIR}/embedded/embed)
file(GLOB WEB_FILES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/*.html)
file(GLOB EXPLORER_FILES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/explorer/*)
set(EMBED_HEADERS)
foreach(file ${WEB_FILES})
  get_filename_component(name ${file} NAME_WE)
  add_custom_command(
    OUTPUT ${EMBED_DIR}/${name}.h
    COMMAND ${CMAKE_COMMAND} -DINPUT=${file} -DNAME=${name} -DOUTPUT=${EMBED_DIR}/${name}.h
            -P ${CMAKE_SOURCE_DIR}/cmake/embed_file.cmake
    DEPENDS ${file} ${CMAKE_SOURCE_DIR}/cmake/embed_file.cmake)
  list(APPEND EMBED_HEADERS ${EMBED_DIR}/${name}.h)
endforeach()
add_custom_command(
  OUTPUT ${EMBED_DIR}/explorer.h
  COMMAND ${CMAKE_COMMAND} -DDIRECTORY=${CMAKE_SOURCE_DIR}/web/explorer -DOUTPUT=${EMBED_DIR}/explorer.h
          -P ${CMAKE_SOURCE_DIR}/cmake/embed_table.cmake
  DEPENDS ${EXPLORER_FILES} ${CMAKE_SOURCE_DIR}/cmake/embed_table.cmake)
list(APPEND EMBED_HEADERS ${EMBED_DIR}/explorer.h)
add_custom_target(embedded DEPENDS ${EMBED_HEADERS})
