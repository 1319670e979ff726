// Replays the fuzzing corpus, so that what a fuzzer once found stays found.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "../fuzz/fuzz_http.cc"

namespace {

TEST(Corpus, EveryInputHasOneOutcomeHoweverItIsCut) {
  int inputs = 0;
  const std::string folder = TIDEWIRE_SOURCE_DIR "/server/fuzz/corpus/http";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::string bytes(std::istreambuf_iterator<char>(file), {});
    if (bytes.empty()) continue;
    for (int cut = 0; cut < 64; ++cut) {
      bytes[0] = static_cast<char>(cut * 4);
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    }
    ++inputs;
  }
  EXPECT_GE(inputs, 10);
}

}  // namespace
