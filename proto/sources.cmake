# Writes OUT: a table of the proto files NAMES (relative to DIR), each included by the assembler.
# Run by the build with cmake -P.
set(assembly "")
set(rows "")
set(number 0)
foreach(name ${NAMES})
  string(APPEND assembly "EMBED(source_${number}, \"${DIR}/${name}\");\n")
  string(APPEND rows "    {SLICE_INIT(\"${name}\"), source_${number}_start, source_${number}_end},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUT} "/* Made by the build: the proto files of the API. */
#include \"proto/contract/embed.h\"
#include \"proto/contract/embedded.h\"

${assembly}
const struct embedded_file embedded__sources[] = {
${rows}    {{NULL, 0}, NULL, NULL},
};
")
