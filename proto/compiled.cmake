# Writes OUT: a table of the descriptors of all messages in protoc-c's headers NAMES (a list without
# ".pb-c.h", relative to DIR). Run by the build with cmake -P.
set(includes "")
set(rows "")
foreach(name ${NAMES})
  string(APPEND includes "#include \"${name}.pb-c.h\"\n")
  file(STRINGS ${DIR}/${name}.pb-c.h lines REGEX "^extern const ProtobufCMessageDescriptor ")
  foreach(line ${lines})
    string(REGEX REPLACE "^extern const ProtobufCMessageDescriptor ([a-z0-9_]+).*" "\\1" symbol "${line}")
    string(APPEND rows "    &${symbol},\n")
  endforeach()
endforeach()
file(WRITE ${OUT} "/* Made by the build: the messages that protoc-c compiled. */
${includes}#include \"proto/contract/contract_internal.h\"

const ProtobufCMessageDescriptor *const contract__compiled[] = {
${rows}    NULL,
};
")
