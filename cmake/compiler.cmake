# Compiler flags, sanitizers, ccache and the linker, for every target of the project.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-Wall -Wextra -Werror -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these inside its own and Boost's headers once optimisation inlines them.
  add_compile_options(-Wno-restrict -Wno-maybe-uninitialized -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread -Wno-dangling-pointer)
endif()

if(TIDEWIRE_SANITIZE)
  add_compile_options(-fsanitize=${TIDEWIRE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g1)
  add_link_options(-fsanitize=${TIDEWIRE_SANITIZE})
  if(TIDEWIRE_SANITIZE MATCHES "thread")
    add_compile_definitions(TIDEWIRE_THREAD_SANITIZER)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      # Asio uses atomic_thread_fence, which g++'s tsan does not model; Boost switches it off itself.
      add_compile_options(-Wno-tsan)
    endif()
  endif()
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  # The hardening a server that faces the internet wants in its release build.
  add_compile_options(-fstack-protector-strong -D_GLIBCXX_ASSERTIONS -fstack-clash-protection)
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  add_link_options(-Wl,-z,relro,-z,now)
endif()
