// Replays the fuzzing corpus, so that what a fuzzer once found stays found.
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

// The target itself: it aborts when its oracle is broken.
#include "../fuzz/fuzz_jwt.cc"

namespace {

TEST(JwtCorpus, HoldsItsOracle) {
  const std::string folder = TIDEWIRE_SOURCE_DIR "/server/fuzz/corpus/jwt";
  int replayed = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    ++replayed;
  }
  EXPECT_GE(replayed, 20);
}

TEST(JwtCorpus, TheOracleKnowsItsValidTokens) {
  for (const std::string& token : world().valid) EXPECT_TRUE(accepts(token));
  EXPECT_TRUE(accepts(edited("")));
  EXPECT_FALSE(accepts(edited(std::string_view("\x05\x01", 2))));
}

}  // namespace
