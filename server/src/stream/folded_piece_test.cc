#include "stream/folded_piece.h"

#include <gtest/gtest.h>

namespace tidewire {
namespace {

FoldedPiece piece(std::uint64_t from, std::uint64_t to, std::string content) {
  FoldedPiece made{.message_id = "m", .rev_from = from, .rev_to = to};
  made.add({}, {}, {}, content);
  return made;
}

FoldedPiece part(std::uint64_t index, std::string_view id, std::string_view kind,
                 std::string_view content, std::string_view name = {}) {
  FoldedPiece made{.message_id = "m", .rev_from = index, .rev_to = index};
  made.add(id, kind, name, content);
  return made;
}

TEST(FoldedPiece, TakesWhatFollows) {
  FoldedPiece whole = piece(3, 3, "Lis");
  EXPECT_EQ(whole.append(piece(4, 5, "bon")), Fold::appended);
  EXPECT_EQ(whole.chunk_payload(),
            R"({"messageId":"m","content":"Lisbon","isComplete":false,"rev":[3,5]})");
}

TEST(FoldedPiece, LeavesOutWhatItHasAndWhatDoesNotFit) {
  FoldedPiece whole = piece(3, 5, "abc");
  EXPECT_EQ(whole.append(piece(4, 5, "bc")), Fold::known);
  EXPECT_EQ(whole.append(piece(2, 2, "x")), Fold::known);
  EXPECT_EQ(whole.append(piece(7, 7, "x")), Fold::apart) << "piece 6 is missing";
  EXPECT_EQ(whole.append(piece(5, 6, "x")), Fold::apart) << "a range cannot be cut";
  FoldedPiece other = piece(6, 6, "x");
  other.message_id = "n";
  EXPECT_EQ(whole.append(other), Fold::apart);
  EXPECT_EQ(whole.content, "abc");
  EXPECT_EQ(whole.rev_to, 5U);
}

TEST(FoldedPiece, IsReplacedByASnapshotThatKnowsMore) {
  FoldedPiece whole = piece(2, 2, "b");
  FoldedPiece snapshot = piece(1, 4, "abcd");
  snapshot.snapshot = true;
  EXPECT_EQ(whole.append(snapshot), Fold::appended);
  EXPECT_EQ(whole.content, "abcd");
  EXPECT_TRUE(whole.snapshot);
  EXPECT_EQ(whole.append(snapshot), Fold::known);
}

TEST(FoldedPiece, NeverMixesTwoGenerations) {
  FoldedPiece whole = piece(1, 7, "the old answer");
  FoldedPiece anew = piece(1, 1, "new");
  anew.generation = 2;
  EXPECT_EQ(whole.append(anew), Fold::apart) << "only a snapshot may begin a new one";
  anew.snapshot = true;
  EXPECT_EQ(whole.append(anew), Fold::appended);
  EXPECT_EQ(whole.append(piece(8, 8, " zombie")), Fold::known);
  FoldedPiece next = piece(2, 2, "er");
  next.generation = 2;
  EXPECT_EQ(whole.append(next), Fold::appended);
  EXPECT_EQ(whole.chunk_payload(), R"({"messageId":"m","content":"newer","isComplete":false,)"
                                   R"("rev":[1,2],"snapshot":true,"generation":2})");
}

TEST(FoldedPiece, CarriesTheEnd) {
  FoldedPiece whole = piece(1, 1, "half");
  FoldedPiece end{.message_id = "m", .rev_from = 2, .rev_to = 2, .complete = true};
  end.status = "cancelled";
  EXPECT_EQ(whole.append(end), Fold::appended);
  EXPECT_TRUE(whole.complete);
  EXPECT_EQ(whole.status, "cancelled");
}

TEST(FoldedPiece, ASinglePieceSaysItsPart) {
  EXPECT_EQ(part(1, "c1", "tool_call", "{", "search").chunk_payload(),
            R"({"messageId":"m","content":"{","isComplete":false,"index":1,"rev":[1,1],)"
            R"("part":{"id":"c1","kind":"tool_call","name":"search"}})");
}

TEST(FoldedPiece, PiecesOfOnePartStayOfOnePart) {
  FoldedPiece whole = part(1, "r", "reasoning", "Hm");
  whole.append(part(2, "r", "reasoning", "m"));
  EXPECT_EQ(whole.chunk_payload(),
            R"({"messageId":"m","content":"Hmm","isComplete":false,"rev":[1,2],)"
            R"("part":{"id":"r","kind":"reasoning"}})");
}

TEST(FoldedPiece, SeveralPartsKeepTheOrderInWhichTheyAppeared) {
  FoldedPiece whole = part(1, "r", "reasoning", "Hm");
  FoldedPiece rest = part(2, "c", "tool_call", "{}");
  rest.append(piece(3, 3, "It is"));
  rest.append(part(4, "c", "tool_result", "21"));
  rest.append(part(5, "r", "reasoning", "m"));
  rest.append(piece(6, 6, " warm"));
  EXPECT_EQ(whole.append(rest), Fold::appended);
  EXPECT_EQ(whole.chunk_payload(),
            R"({"messageId":"m","content":"It is warm","isComplete":false,"rev":[1,6],"parts":[)"
            R"({"id":"r","kind":"reasoning","content":"Hmm"},)"
            R"({"id":"c","kind":"tool_call","content":"{}"},{"kind":"text"},)"
            R"({"id":"c","kind":"tool_result","content":"21"}]})");
}

TEST(FoldedPiece, ASnapshotAndTheMessageNameAllParts) {
  FoldedPiece whole{.message_id = "m", .snapshot = true};
  whole.append(part(1, "r", "reasoning", "Hm"));
  EXPECT_EQ(whole.chunk_payload(),
            R"({"messageId":"m","content":"","isComplete":false,"rev":[1,1],"snapshot":true,)"
            R"("parts":[{"id":"r","kind":"reasoning","content":"Hm"}]})");
  EXPECT_EQ(whole.message_payload("assistant"),
            R"({"content":"","role":"assistant","messageId":"m",)"
            R"("parts":[{"id":"r","kind":"reasoning","content":"Hm"}]})");
}

TEST(FoldedPiece, FoldsToTheSameWhereverItIsCut) {
  std::vector<FoldedPiece> pieces;
  for (std::uint64_t i = 1; i <= 9; ++i)
    pieces.push_back(i % 3 == 0   ? piece(i, i, std::to_string(i))
                     : i % 2 == 0 ? part(i, "c", "tool_call", std::to_string(i))
                                  : part(i, "r", "reasoning", std::to_string(i)));
  FoldedPiece straight{.message_id = "m", .snapshot = true};
  for (const FoldedPiece& each : pieces) straight.append(each);
  for (std::size_t cut = 1; cut < pieces.size(); ++cut) {
    FoldedPiece head{.message_id = "m", .snapshot = true};
    for (std::size_t i = 0; i < cut; ++i) head.append(pieces[i]);
    FoldedPiece tail = pieces[cut];
    for (std::size_t i = cut + 1; i < pieces.size(); ++i) tail.append(pieces[i]);
    ASSERT_EQ(head.append(tail), Fold::appended);
    EXPECT_EQ(head.chunk_payload(), straight.chunk_payload()) << cut;
  }
}

}  // namespace
}  // namespace tidewire
