#include "http/query.h"

#include <gtest/gtest.h>

namespace tidewire::http {
namespace {

TEST(Query, FindsTheFirstValueAndDecodesIt) {
  EXPECT_EQ(query_value("user=Ann&name=Ann+Lee%21&user=Eve", "user"), "Ann");
  EXPECT_EQ(query_value("user=Ann&name=Ann+Lee%21", "name"), "Ann Lee!");
  EXPECT_EQ(query_value("a&b=", "a"), "");
  EXPECT_EQ(query_value("a&b=", "b"), "");
}

TEST(Query, SaysNothingWhenAbsentOrBroken) {
  EXPECT_FALSE(query_value("", "user"));
  EXPECT_FALSE(query_value("username=Ann", "user"));
  EXPECT_FALSE(query_value("user=%4", "user"));
  EXPECT_FALSE(query_value("user=%zz", "user"));
}

}  // namespace
}  // namespace tidewire::http
