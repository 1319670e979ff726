#include "rpc/backend_methods.h"

#include <gtest/gtest.h>

namespace tidewire {
namespace {

TEST(BackendMethodsTest, PrefersTheExactNameThenTheLongestPrefixThenTheFirst) {
  const std::vector<BackendMethods> backends{{.methods = {"*"}},
                                             {.methods = {"search.*"}},
                                             {.methods = {"search.f*", "search.flights"}},
                                             {.methods = {"search.f*"}}};
  EXPECT_EQ(find_backend(backends, "search.flights"), 2U);
  EXPECT_EQ(find_backend(backends, "search.ferries"), 2U);
  EXPECT_EQ(find_backend(backends, "search.hotels"), 1U);
  EXPECT_EQ(find_backend(backends, "search."), 1U);
  EXPECT_EQ(find_backend(backends, "search"), 0U);
}

TEST(BackendMethodsTest, FindsNoneWhenNoneFits) {
  EXPECT_EQ(find_backend({}, "x"), std::nullopt);
  EXPECT_EQ(find_backend({{.methods = {"a", "b.*"}}}, "b"), std::nullopt);
  EXPECT_EQ(find_backend({{.methods = {"a.*b"}}}, "a.xb"), std::nullopt)
      << "a star counts at the end only";
}

}  // namespace
}  // namespace tidewire
