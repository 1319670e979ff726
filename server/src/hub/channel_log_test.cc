#include "hub/channel_log_fixture.h"

namespace tidewire::channel_log_test {
namespace {

TEST_F(Log, WhatWaitsForTheStoreIsNeitherAnsweredNorDeliveredNorCountedNorReadable) {
  const auto first = publish();
  const auto second = publish();
  EXPECT_TRUE(first->open());
  EXPECT_TRUE(delivered.empty());
  EXPECT_EQ(channel().top().offset, 0U);
  EXPECT_TRUE(subscribe(std::nullopt, 10).publications.empty());
  EXPECT_TRUE(page({.limit = 10}).empty());

  store->commit(1);
  EXPECT_EQ(first->offset(), 1U);
  EXPECT_TRUE(second->open());
  EXPECT_THAT(delivered, ElementsAre(1));
  EXPECT_EQ(channel().top().offset, 1U);
  store->commit(1);
  EXPECT_EQ(second->offset(), 2U);
  EXPECT_THAT(delivered, ElementsAre(1, 2));
}

TEST_F(Log, AFailureAnswersEverythingThatWaitsAndItsOffsetsAreGivenAgain) {
  publish();
  store->commit();
  const auto lost = publish();
  const auto behind = publish();
  store->fail_all(kFull);
  for (const auto& each : {lost, behind}) {
    ASSERT_FALSE(each->open());
    ASSERT_FALSE(*each->result);
    EXPECT_EQ(each->result->error().code, ErrorCode::unavailable);
    EXPECT_THAT(each->result->error().message, HasSubstr("disk is full"));
  }
  const auto again = publish();
  store->commit();
  EXPECT_EQ(again->offset(), 2U);
  EXPECT_THAT(delivered, ElementsAre(1, 2));
}

TEST_F(Log, APublishMadeWhileAFailureIsAnsweredComesRightBehindWhatIsStored) {
  publish();
  store->commit();
  std::shared_ptr<Answer> retried;
  channel().publish({.channel = "chat:a", .type = "chat_message", .payload = "{}"},
                    [&](const PublishResult& result) {
                      if (!result) retried = publish();
                    });
  publish();
  store->fail_all(kFull);
  store->commit();
  EXPECT_EQ(retried->offset(), 2U);
  EXPECT_THAT(delivered, ElementsAre(1, 2));
}

TEST_F(Log, AFullQueueRefusesOnePublishAndLeavesTheOthers) {
  const auto taken = publish();
  store->waiting_max = 1;
  const auto refused = publish();
  ASSERT_FALSE(refused->open());
  EXPECT_EQ(refused->result->error().code, ErrorCode::overloaded);
  EXPECT_TRUE(taken->open());
  store->waiting_max = 2;
  const auto next = publish();
  store->commit();
  EXPECT_EQ(taken->offset(), 1U);
  EXPECT_EQ(next->offset(), 2U);
}

TEST_F(Log, TheSameKeyWhileTheFirstIsInFlightIsOneAppend) {
  const auto first = publish("k");
  const auto second = publish("k");
  const auto other = publish("k", "bob");
  EXPECT_EQ(store->waiting(), 2U) << "a key belongs to its user";
  store->commit();
  EXPECT_FALSE((*first->result)->duplicate);
  EXPECT_TRUE((*second->result)->duplicate);
  EXPECT_EQ(second->offset(), 1U);
  EXPECT_EQ(other->offset(), 2U);
}

TEST_F(Log, AKeyOfAFailedPublishIsFreeAgain) {
  const auto first = publish("k");
  const auto second = publish("k");
  store->fail_all(kFull);
  EXPECT_FALSE(*first->result);
  EXPECT_FALSE(*second->result);
  const auto again = publish("k");
  store->commit();
  EXPECT_FALSE((*again->result)->duplicate);
}

TEST_F(Log, OnlySoManyWaitForOneKey) {
  publish("k");
  for (std::size_t i = 0; i < IdempotencyCache::kWaitingMax; ++i) EXPECT_TRUE(publish("k")->open());
  const auto more = publish("k");
  ASSERT_FALSE(more->open());
  EXPECT_EQ(more->result->error().code, ErrorCode::overloaded);
}

TEST_F(Log, ARestartKeepsEpochTopKeysAndRecovers) {
  publish("k");
  publish();
  store->commit();
  const StreamPosition before = channel().top();
  publish();  // in flight when the process ends
  restart();
  EXPECT_EQ(channel().top(), before);
  const auto again = publish("k");
  EXPECT_TRUE((*again->result)->duplicate);
  EXPECT_EQ(again->offset(), 1U);
  EXPECT_EQ(offsets(subscribe(StreamPosition{before.epoch, 1})), (std::vector<std::uint64_t>{2}));
  const auto next = publish();
  store->commit();
  EXPECT_EQ(next->offset(), 3U);
}

TEST_F(Log, WhatMemoryHasLetGoComesFromTheStore) {
  store->passes = true;
  for (int i = 0; i < 8; ++i) publish();
  const std::string epoch = channel().top().epoch;
  restart();
  store->opened_max = 2;
  const auto snapshot = subscribe(StreamPosition{epoch, 3});
  EXPECT_TRUE(snapshot.recovered);
  EXPECT_THAT(offsets(snapshot), ElementsAre(4, 5, 6, 7, 8));
  EXPECT_THAT(offsets(subscribe(std::nullopt, 3)), ElementsAre(6, 7, 8));
  EXPECT_THAT(offsets(subscribe(std::nullopt, 99)), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  EXPECT_THAT(page({.limit = 3}), ElementsAre(1, 2, 3));
  EXPECT_THAT(page({.since = StreamPosition{epoch, 5}, .limit = 3}), ElementsAre(6, 7, 8));
  EXPECT_THAT(page({.limit = 4, .reverse = true}), ElementsAre(8, 7, 6, 5));
  EXPECT_THAT(page({.since = StreamPosition{epoch, 3}, .limit = 9, .reverse = true}),
              ElementsAre(2, 1));
}

TEST_F(Log, WhatIsPublishedWhileTheStoreIsReadIsInTheSnapshot) {
  store->passes = true;
  for (int i = 0; i < 6; ++i) publish();
  const std::string epoch = channel().top().epoch;
  restart();
  store->opened_max = 2;
  std::optional<SubscribeSnapshot> snapshot;
  channel().subscribe({.channel = "chat:a", .since = StreamPosition{epoch, 1}}, 0,
                      [&](SubscribeSnapshot each) { snapshot = std::move(each); });
  publish();
  store->commit();
  ASSERT_FALSE(snapshot);
  EXPECT_EQ(channel().interest().at(0), 1U) << "the subscriber is there from the first moment";
  store->finish_reads();
  EXPECT_TRUE(snapshot->recovered);
  EXPECT_THAT(offsets(*snapshot), ElementsAre(2, 3, 4, 5, 6, 7));
  EXPECT_EQ(snapshot->position.offset, 7U);
}

TEST_F(Log, RetentionHoldsForWhatIsInTheStoreToo) {
  store->passes = true;
  for (int i = 0; i < 25; ++i) publish();  // history_size is 10, what is beyond may linger
  const std::string epoch = channel().top().epoch;
  restart();
  store->opened_max = 2;
  EXPECT_THAT(page({.limit = 99}), ElementsAre(16, 17, 18, 19, 20, 21, 22, 23, 24, 25));
  EXPECT_FALSE(subscribe(StreamPosition{epoch, 14}).recovered);
  EXPECT_TRUE(subscribe(StreamPosition{epoch, 15}).recovered);
  clock.advance_ms(config.namespaces["chat"].history_ttl.count() + 1);
  EXPECT_TRUE(page({.limit = 99}).empty());
  EXPECT_FALSE(subscribe(StreamPosition{epoch, 24}).recovered);
  EXPECT_TRUE(subscribe(StreamPosition{epoch, 25}).recovered);
}

TEST_F(Log, AStoreThatCannotBeReadTellsTheSubscriberOfAGapAndAPageOfTheFault) {
  store->passes = true;
  for (int i = 0; i < 6; ++i) publish();
  const std::string epoch = channel().top().epoch;
  restart();
  store->passes = true;
  store->opened_max = 2;
  (void)channel();
  store->unreadable = Error{.code = ErrorCode::unavailable, .message = "history: bad page"};
  EXPECT_FALSE(subscribe(StreamPosition{epoch, 1}).recovered);
  EXPECT_TRUE(subscribe(StreamPosition{epoch, 5}).recovered) << "memory goes on";
  std::optional<Error> told;
  channel().history({.limit = 9}, [&](const std::expected<HistoryPage, Error>& page) {
    if (!page) told = page.error();
  });
  ASSERT_TRUE(told);
  EXPECT_EQ(told->code, ErrorCode::unavailable);
  EXPECT_FALSE(table->find_or_create("chat:b")) << "nobody may begin a channel a second time";
}

TEST_F(Log, AChannelStaysWhileAnythingWaits) {
  publish();
  clock.advance_ms(3'600'000);
  table->sweep();
  EXPECT_EQ(table->size(), 1U);
  store->commit();
  clock.advance_ms(3'600'000);
  table->sweep();
  table->sweep();
  EXPECT_EQ(table->size(), 0U);
  EXPECT_EQ(channel().top().offset, 1U) << "it opens again as it was";
}

TEST_F(Log, AFinishedMessageThatCouldNotBeStoredIsKeptUntilItIs) {
  const auto told = publish_whole();
  store->fail_all(kFull);
  ASSERT_TRUE(!told->open() && !*told->result);
  EXPECT_THAT(told->result->error().message,
              HasSubstr("will be stored when the store works again"));
  const auto repeated = publish_whole();
  ASSERT_TRUE(!repeated->open() && !*repeated->result) << "it is not durable yet";
  EXPECT_EQ(repeated->result->error().code, ErrorCode::unavailable);
  table->sweep();
  store->fail_all(kFull);  // it still does not
  clock.advance_ms(3'600'000);
  table->sweep();
  EXPECT_EQ(table->size(), 1U);
  store->commit();
  EXPECT_THAT(delivered, ElementsAre(1));
  EXPECT_EQ(last_type, "chat_message");
  EXPECT_EQ(store->waiting(), 0U);
  EXPECT_TRUE((*publish_whole()->result)->duplicate);
}

TEST_F(Log, ARepeatedLastPieceIsAcknowledgedWhenTheMessageIsStored) {
  const auto first = publish_whole();
  const auto repeated = publish_whole();
  EXPECT_TRUE(first->open());
  EXPECT_TRUE(repeated->open());
  store->commit();
  EXPECT_EQ(first->offset(), 1U);
  EXPECT_EQ(repeated->offset(), 1U);
  EXPECT_TRUE((*repeated->result)->duplicate);
  EXPECT_THAT(delivered, ElementsAre(1));
}

TEST_F(Log, ARestartKnowsWhichMessagesHaveEnded) {
  store->passes = true;
  publish_whole("m 1");
  publish_whole("m2", 4);
  restart();
  store->passes = true;
  EXPECT_TRUE((*publish_whole("m 1")->result)->duplicate) << "its producer sends it all again";
  EXPECT_EQ(publish_whole("m2", 3)->result->error().code, ErrorCode::stream_fenced);
  EXPECT_EQ(publish_whole("m2", 5)->result->error().code, ErrorCode::stream_closed);
  EXPECT_EQ(channel().top().offset, 2U);
  EXPECT_EQ(publish_whole("m3")->offset(), 3U);
}

TEST_F(Log, AKeyThatLooksLikeTheEndOfAMessageIsAKeyAfterARestart) {
  for (const std::string key : {"stream 0 1 complete m1", "seq 1 s", "key k"}) {
    const auto first = publish(key);
    store->commit();
    restart();
    const auto again = publish(key);
    ASSERT_TRUE(again->result && *again->result) << key;
    EXPECT_TRUE((*again->result)->duplicate) << key;
    EXPECT_EQ(again->offset(), first->offset()) << key;
  }
  const auto whole = publish_whole("m1");
  store->commit();
  EXPECT_FALSE((*whole->result)->duplicate) << "nobody has ended this message";
}

TEST_F(Log, AMessageThatWasInterruptedBeforeARestartMayBeBegunAgainAfterIt) {
  store->passes = true;
  PublishRequest piece{.channel = "chat:a",
                       .type = "chat_message_chunk",
                       .from = {.user_id = "bot"},
                       .delivery = DeliveryClass::stream,
                       .message_id = "m1",
                       .content = "half",
                       .index = 1};
  channel().publish(piece, [](const PublishResult& result) { EXPECT_TRUE(result); });
  EXPECT_TRUE(channel().end_stream({.message_id = "m1", .producer = "bot"}));
  restart();
  store->passes = true;
  EXPECT_TRUE((*publish_whole("m1")->result)->duplicate) << "piece 1 was taken";
  EXPECT_EQ(publish_whole("m1", 1)->offset(), 2U);
}

TEST_F(Log, ARestartKnowsANumberedPublishWithoutAKey) {
  store->passes = true;
  const auto numbered = [this](std::uint64_t seq) {
    std::optional<PublishResult> answer;
    channel().publish({.channel = "chat:a",
                       .type = "chat_message",
                       .payload = "{}",
                       .session_id = "s1",
                       .from = {.user_id = "ann"},
                       .seq = seq},
                      [&](PublishResult result) { answer = std::move(result); });
    return answer->value();
  };
  EXPECT_FALSE(numbered(1).duplicate);
  restart();
  store->passes = true;
  EXPECT_TRUE(numbered(1).duplicate);
  EXPECT_FALSE(numbered(2).duplicate);
}

TEST_F(Log, OnlySoManyRepeatsOfALastPieceWait) {
  for (std::size_t i = 0; i <= ChannelStreams::kRepeatsMax; ++i)
    EXPECT_TRUE(publish_whole()->open());
  const auto more = publish_whole();
  ASSERT_FALSE(more->open());
  EXPECT_EQ(more->result->error().code, ErrorCode::overloaded);
}

TEST_F(Log, OnlySoManyFinishedMessagesAreKeptForAStoreThatFails) {
  const auto finish = [this](std::size_t number) {
    const std::string id = "m" + std::to_string(number);
    std::optional<PublishResult> told;
    channel().publish({.channel = "chat:a",
                       .type = "chat_message_chunk",
                       .from = {.user_id = "bot"},
                       .delivery = DeliveryClass::stream,
                       .message_id = id,
                       .content = "the text",
                       .complete = true},
                      [&](PublishResult result) { told = std::move(result); });
    store->fail_all(kFull);
    return told->error();
  };
  for (std::size_t i = 0; i < ChannelLog::kUnsavedMax; ++i)
    ASSERT_THAT(finish(i).message, HasSubstr("will be stored when the store works again"));
  const Error lost = finish(ChannelLog::kUnsavedMax);
  EXPECT_EQ(lost.code, ErrorCode::limit_exceeded) << "to try again would not help";
  EXPECT_THAT(lost.message, HasSubstr("this one is lost"));
  store->passes = true;
  table->sweep();
  EXPECT_EQ(delivered.size(), ChannelLog::kUnsavedMax);
}

struct LongLog : Log {
  static Config configured() {
    Config config = configuration();
    config.namespaces["chat"].history_size = 2 * ChannelLog::kReplayMax;
    config.namespaces["chat"].history_bytes = 1 << 30;
    return config;
  }
  LongLog() : Log(configured()) {}
};

TEST_F(LongLog, NobodyRecoversMoreThanTheMostFromTheStore) {
  store->passes = true;
  for (std::size_t i = 0; i < ChannelLog::kReplayMax + 1; ++i) publish();
  const std::string epoch = channel().top().epoch;
  restart();
  store->opened_max = 2;
  const auto most = subscribe(StreamPosition{epoch, 1});
  EXPECT_TRUE(most.recovered);
  EXPECT_EQ(most.publications.size(), ChannelLog::kReplayMax);
  const auto more = subscribe(StreamPosition{epoch, 0});
  EXPECT_FALSE(more.recovered);
  EXPECT_TRUE(more.publications.empty()) << "never a part";
}

}  // namespace
}  // namespace tidewire::channel_log_test
