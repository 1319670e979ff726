# tidewire_module(<name> [DEPS <module>...] [LIBS <target>...])
#
# One folder of server/src is one static library tw_<name>, made of its *.cc files, and one test
# program <name>_test, made of its *_test.cc files. Nothing is listed by hand.
function(tidewire_module name)
  cmake_parse_arguments(ARG "" "" "DEPS;LIBS" ${ARGN})
  set(dir ${CMAKE_CURRENT_SOURCE_DIR}/src/${name})
  file(GLOB sources CONFIGURE_DEPENDS ${dir}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")

  set(deps)
  foreach(dep IN LISTS ARG_DEPS)
    list(APPEND deps tw_${dep})
  endforeach()

  if(sources)
    add_library(tw_${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(tw_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(tw_${name} ${scope} ${CMAKE_CURRENT_SOURCE_DIR}/src)
  target_link_libraries(tw_${name} ${scope} ${deps} ${ARG_LIBS} Threads::Threads)

  if(TIDEWIRE_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE tw_${name} GTest::gmock GTest::gtest_main)
    # What is tested is optimised; the tests themselves only have to be compiled.
    target_compile_options(${name}_test PRIVATE $<$<CONFIG:Release>:-Og> $<$<CONFIG:>:-O0>)
    target_compile_definitions(${name}_test PRIVATE
      TIDEWIRE_SOURCE_DIR="${CMAKE_SOURCE_DIR}" TIDEWIRE_BINARY_DIR="${CMAKE_BINARY_DIR}")
    add_test(NAME ${name} COMMAND ${name}_test)
    set_tests_properties(${name} PROPERTIES TIMEOUT 300)
  endif()
endfunction()
