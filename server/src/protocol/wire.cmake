# The C++ of protocol/tidewire.proto, generated into the build tree as "protocol/tidewire.pb.h".
set(wire_proto ${CMAKE_SOURCE_DIR}/protocol/tidewire.proto)
set(wire_dir ${CMAKE_CURRENT_BINARY_DIR}/generated)
file(MAKE_DIRECTORY ${wire_dir}/protocol)
add_custom_command(
  OUTPUT ${wire_dir}/protocol/tidewire.pb.cc ${wire_dir}/protocol/tidewire.pb.h
  COMMAND protobuf::protoc --proto_path=${CMAKE_SOURCE_DIR} --cpp_out=${wire_dir} protocol/tidewire.proto
  DEPENDS ${wire_proto}
  WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
  VERBATIM)
add_library(tw_protocol_wire STATIC ${wire_dir}/protocol/tidewire.pb.cc ${wire_dir}/protocol/tidewire.pb.h)
target_include_directories(tw_protocol_wire SYSTEM PUBLIC ${wire_dir})
target_link_libraries(tw_protocol_wire PUBLIC protobuf::libprotobuf-lite)
# Generated code answers to its generator, not to our warnings.
target_compile_options(tw_protocol_wire PRIVATE -w)
target_link_libraries(tw_protocol PRIVATE tw_protocol_wire)

# Committed output of tools/generate-protocol must be current.
if(TIDEWIRE_TESTS)
  find_package(Python3 COMPONENTS Interpreter REQUIRED)
  add_test(NAME protocol_generated
    COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_SOURCE_DIR}/tools/generate-protocol --check)
endif()
