#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "session/session_fixture.h"

namespace tidewire {
namespace {

/// A world with the channel `work:1` whose events must be acknowledged.
class ConsumerAcksTest : public ::testing::Test, protected SessionWorld {
 protected:
  ConsumerAcksTest() {
    domain.config.namespaces["work"] = NamespaceConfig{.publish = true,
                                                       .subscribe = true,
                                                       .history = true,
                                                       .presence = true,
                                                       .history_size = 50,
                                                       .ack = "required",
                                                       .ack_timeout = Milliseconds(1'000),
                                                       .ack_attempts = 3,
                                                       .ack_window = 4,
                                                       .receipts = true};
    domain.config.namespaces["dead"] = NamespaceConfig{.subscribe = true};
  }

  json subscribe(Client& client, json payload = json::object(), std::string channel = "work:1") {
    return client.ask({{"type", "subscribe"}, {"channel", channel}, {"payload", payload}});
  }
  json publish(Client& client, std::string_view text) {
    const json ack = client.ask(chat(text, "work:1"));
    epoch = ack["payload"].value("epoch", "");
    return ack;
  }
  void acknowledge(Client& client, std::uint64_t offset, json more = json::object()) {
    json payload{{"offset", offset}, {"epoch", epoch}};
    payload.update(more);
    client.send({{"type", "ack"}, {"channel", "work:1"}, {"payload", payload}});
    domain.mesh.run();
  }
  void pass(std::int64_t ms) {
    advance(ms + TimerWheel::kTickMs);
    domain.mesh.run();
  }
  /// What has arrived of one type: offset and how many times it was sent before.
  using Arrivals = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
  Arrivals arrivals(Client& client) {
    Arrivals list;
    for (const json& each : client.wire.read())
      if (each["type"] == "chat_message")
        list.emplace_back(each["offset"], each.value("redelivered", 0));
    return list;
  }

  std::string epoch;
};

TEST_F(ConsumerAcksTest, WhatIsNotAcknowledgedIsSentAgainWithBackOff) {
  auto ann = connect_as("ann");
  auto bob = connect_as("bob");
  subscribe(*bob);
  publish(*ann, "one");
  EXPECT_EQ(arrivals(*bob), (Arrivals{{1, 0}}));
  pass(900);
  EXPECT_TRUE(arrivals(*bob).empty());
  pass(100);
  EXPECT_EQ(arrivals(*bob), (Arrivals{{1, 1}}));
  pass(1'900);
  EXPECT_TRUE(arrivals(*bob).empty());
  pass(100);
  EXPECT_EQ(arrivals(*bob), (Arrivals{{1, 2}}));
  acknowledge(*bob, 1);
  pass(10'000);
  EXPECT_TRUE(arrivals(*bob).empty());
}

TEST_F(ConsumerAcksTest, AfterTheLastAttemptTheEventIsADeadLetterAndTheCursorPassesIt) {
  auto ann = connect_as("ann");
  auto bob = connect_as("bob");
  auto undertaker = connect_as("under");
  subscribe(*undertaker, json::object(), "dead:work.1");
  subscribe(*bob);
  publish(*ann, "poison");
  publish(*ann, "good");
  arrivals(*bob);
  for (const std::int64_t wait : {1'000, 2'000, 4'000}) {
    pass(wait);
    arrivals(*bob);
  }
  const auto letters = undertaker->wire.read();
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0]["type"], "dead_letter");
  EXPECT_EQ(letters[0]["offset"], 1);
  const json& letter = letters[0]["payload"];
  EXPECT_EQ(letter["channel"], "work:1");
  EXPECT_EQ(letter["offset"], 1);
  EXPECT_EQ(letter["attempts"], 3);
  EXPECT_EQ(letter["consumer"]["userId"], "bob");
  EXPECT_EQ(letter["consumer"]["sessionId"], bob->session->session_id());
  EXPECT_EQ(letter["event"]["payload"]["content"], "poison");
  pass(1'000);
  EXPECT_EQ(arrivals(*bob), (Arrivals{{2, 1}}));
  acknowledge(*bob, 2);
  pass(10'000);
  EXPECT_TRUE(undertaker->wire.read().empty());
  EXPECT_EQ(domain.metrics[0]->dead_letters.value(), 1U);
  EXPECT_EQ(domain.metrics[0]->unacknowledged.value(), 0);
}

TEST_F(ConsumerAcksTest, AnEventIsBuriedOnceAlsoForWhoDidNotHearOfIt) {
  auto ann = connect_as("ann");
  auto bob = connect_as("bob");
  auto undertaker = connect_as("under");
  subscribe(*undertaker, json::object(), "dead:work.1");
  subscribe(*bob);
  publish(*ann, "poison");
  for (int life = 0; life < 2; ++life) {
    for (const std::int64_t wait : {1'000, 2'000, 4'000}) {
      bob->wire.read();
      pass(wait);
    }
    bob->ask({{"type", "unsubscribe"}, {"channel", "work:1"}});
    subscribe(*bob, {{"since", {{"epoch", epoch}, {"offset", 0}}}});
  }
  EXPECT_EQ(undertaker->wire.read().size(), 1U);
  EXPECT_EQ(domain.metrics[0]->dead_letters.value(), 1U);
}

TEST_F(ConsumerAcksTest, AnAckThatComesAfterTheDeadLetterIsAReceiptAllTheSame) {
  auto ann = connect_as("ann");
  auto bob = connect_as("bob");
  subscribe(*bob);
  publish(*ann, "slow work");
  for (const std::int64_t wait : {1'000, 2'000, 4'000}) {
    bob->wire.read();
    pass(wait);
  }
  EXPECT_EQ(domain.metrics[0]->dead_letters.value(), 1U);
  acknowledge(*bob, 1);
  EXPECT_EQ(domain.metrics[0]->acks[AckLabel::repeated].value(), 1U);
  const json list = ann->ask({{"type", "receipts"}, {"channel", "work:1"}});
  EXPECT_EQ(list["payload"]["consumers"][0]["delivered"], 1);
}

TEST_F(ConsumerAcksTest, ADeadLetterThatIsNotAcknowledgedStaysWhereItIs) {
  domain.config.namespaces["dead"].ack = "required";
  domain.config.namespaces["dead"].ack_timeout = Milliseconds(100);
  domain.config.namespaces["dead"].ack_attempts = 1;
  auto ann = connect_as("ann");
  auto bob = connect_as("bob");
  auto undertaker = connect_as("under");
  subscribe(*undertaker, json::object(), "dead:work.1");
  subscribe(*bob);
  publish(*ann, "poison");
  for (int i = 0; i < 20; ++i) {
    pass(1'000);
    bob->wire.read();
    undertaker->wire.read();
  }
  EXPECT_EQ(domain.metrics[0]->dead_letters.value(), 1U);
  EXPECT_EQ(domain.metrics[0]->unacknowledged.value(), 0);
}

TEST_F(ConsumerAcksTest, WaitsForAcksAtTheWindowAndGoesOnFromTheHistory) {
  auto ann = connect_as("ann");
  auto bob = connect_as("bob");
  subscribe(*bob);
  for (int i = 0; i < 10; ++i) publish(*ann, "x");
  EXPECT_EQ(arrivals(*bob), (Arrivals{{1, 0}, {2, 0}, {3, 0}, {4, 0}}));
  acknowledge(*bob, 2);
  EXPECT_EQ(arrivals(*bob), (Arrivals{{5, 0}, {6, 0}}));
  acknowledge(*bob, 6);
  EXPECT_EQ(arrivals(*bob), (Arrivals{{7, 0}, {8, 0}, {9, 0}, {10, 0}}));
  acknowledge(*bob, 10);
  publish(*ann, "live again");
  EXPECT_EQ(arrivals(*bob), (Arrivals{{11, 0}}));
}

TEST_F(ConsumerAcksTest, WhatWasTrimmedUnacknowledgedIsToldAsAGap) {
  auto ann = connect_as("ann");
  auto bob = connect_as("bob");
  subscribe(*bob);
  for (int i = 0; i < 60; ++i) publish(*ann, "x");
  bob->wire.read();
  pass(1'000);
  domain.mesh.run();
  const auto told = bob->wire.read();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0]["type"], "unsubscribed");
  EXPECT_EQ(told[0]["payload"]["reason"], "insufficient_state");
  EXPECT_EQ(domain.metrics[0]->unacknowledged.value(), 0);
}

TEST_F(ConsumerAcksTest, NothingIsCountedAsSentWhileItWaitsToLeave) {
  auto ann = connect_as("ann");
  auto bob = connect_as("bob");
  subscribe(*bob);
  publish(*ann, "x");
  for (int i = 0; i < 20; ++i) pass(1'000);
  EXPECT_EQ(domain.metrics[0]->redeliveries.value(), 0U);
  EXPECT_EQ(arrivals(*bob), (Arrivals{{1, 0}}));
  pass(1'000);
  EXPECT_EQ(arrivals(*bob), (Arrivals{{1, 1}}));
}

TEST_F(ConsumerAcksTest, WhatOthersQueueDoesNotHoldARedeliveryUp) {
  auto ann = connect_as("ann");
  auto bob = connect_as("bob");
  subscribe(*bob);
  bob->ask({{"type", "subscribe"}, {"channel", "chat:1"}});
  publish(*ann, "x");
  arrivals(*bob);
  pass(500);
  ann->ask(chat("waits in the outbox"));
  pass(500);
  EXPECT_EQ(domain.metrics[0]->redeliveries.value(), 1U);
}

TEST_F(ConsumerAcksTest, ItsOwnEventsWithoutEchoNeedNoAck) {
  auto bob = connect_as("bob");
  auto ann = connect_as("ann");
  subscribe(*bob);
  json own = chat("mine", "work:1");
  own["echo"] = false;
  epoch = bob->ask(own)["payload"]["epoch"];
  EXPECT_EQ(domain.metrics[0]->unacknowledged.value(), 0);
  publish(*ann, "hers");
  bob->ask(own);
  acknowledge(*bob, 2);
  bob->wire.read();
  pass(10'000);
  EXPECT_TRUE(arrivals(*bob).empty());
  EXPECT_EQ(domain.metrics[0]->unacknowledged.value(), 0);
  EXPECT_EQ(domain.metrics[0]->dead_letters.value(), 0U);
}

TEST_F(ConsumerAcksTest, AcksThatCannotBeAreAnsweredAndChangeNothing) {
  auto ann = connect_as("ann");
  auto bob = connect_as("bob");
  subscribe(*bob);
  publish(*ann, "x");
  bob->wire.read();
  acknowledge(*bob, 2);
  auto answers = bob->wire.read();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0]["payload"]["name"], "invalid_message");
  EXPECT_EQ(answers[0]["payload"]["path"], "/payload/offset");
  acknowledge(*bob, 1, {{"read", 2}});
  answers = bob->wire.read();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0]["payload"]["path"], "/payload/read");
  EXPECT_EQ(domain.metrics[0]->unacknowledged.value(), 1);

  const std::string now = std::exchange(epoch, "gone");
  acknowledge(*bob, 1);
  epoch = now;
  EXPECT_TRUE(bob->wire.read().empty()) << "an ack of another epoch is late, not wrong";
  EXPECT_EQ(domain.metrics[0]->acks[AckLabel::stale_epoch].value(), 1U);
  EXPECT_EQ(domain.metrics[0]->unacknowledged.value(), 1);

  acknowledge(*bob, 1);
  acknowledge(*bob, 1);
  acknowledge(*bob, 0);
  EXPECT_TRUE(bob->wire.read().empty());
  EXPECT_EQ(domain.metrics[0]->acks[AckLabel::repeated].value(), 2U);
  EXPECT_EQ(bob->ask({{"type", "ack"},
                      {"channel", "work:2"},
                      {"payload", {{"offset", 1}, {"epoch", epoch}}}})["payload"]["name"],
            "not_subscribed");
}

TEST_F(ConsumerAcksTest, AnAckWithAnIdIsAnsweredWithTheCursor) {
  auto ann = connect_as("ann");
  auto bob = connect_as("bob");
  subscribe(*bob);
  publish(*ann, "x");
  const json ask{
      {"type", "ack"}, {"channel", "work:1"}, {"payload", {{"offset", 1}, {"epoch", epoch}}}};
  json answer = bob->ask(ask);
  EXPECT_EQ(answer["type"], "ack");
  EXPECT_EQ(answer["payload"], (json{{"offset", 1}, {"epoch", epoch}, {"duplicate", false}}));
  answer = bob->ask(ask);
  EXPECT_EQ(answer["payload"]["duplicate"], true);
}

TEST_F(ConsumerAcksTest, APositionInTheSubscribeCountsAsAcknowledged) {
  auto ann = connect_as("ann");
  for (int i = 0; i < 3; ++i) publish(*ann, "x");
  auto bob = connect_as("bob");
  const json answer = subscribe(*bob, {{"since", {{"epoch", epoch}, {"offset", 1}}}});
  EXPECT_EQ(answer["payload"]["publications"].size(), 2U);
  EXPECT_EQ(domain.metrics[0]->unacknowledged.value(), 2);
  pass(1'000);
  EXPECT_EQ(arrivals(*bob), (Arrivals{{2, 1}, {3, 1}}));
  acknowledge(*bob, 3);
  pass(10'000);
  EXPECT_TRUE(arrivals(*bob).empty());
}

TEST_F(ConsumerAcksTest, ANumberedPublishIsTakenOnceInItsSession) {
  auto ann = connect_as("ann");
  json message = chat("once", "work:1");
  message["seq"] = 1;
  const json first = ann->ask(message);
  const json again = ann->ask(message);
  EXPECT_EQ(first["payload"]["duplicate"], false);
  EXPECT_EQ(again["payload"]["duplicate"], true);
  EXPECT_EQ(again["payload"]["offset"], first["payload"]["offset"]);
  message["seq"] = 5;
  EXPECT_EQ(ann->ask(message)["payload"]["offset"], 2) << "numbers may be left out";
  message["seq"] = 4;
  EXPECT_EQ(ann->ask(message)["payload"]["offset"], 3) << "and used later";
  message["seq"] = 100;
  EXPECT_EQ(ann->ask(message)["payload"]["offset"], 4);
  message["seq"] = 2;
  const json old = ann->ask(message);
  EXPECT_EQ(old["payload"], (json{{"duplicate", true}}));
  auto other = connect_as("ann");
  message["seq"] = 1;
  EXPECT_EQ(other->ask(message)["payload"]["duplicate"], false) << "another session counts anew";
  message["seq"] = 0;
  EXPECT_EQ(other->ask(message)["payload"]["path"], "/seq");
}

TEST_F(ConsumerAcksTest, ThePublisherIsToldWhenAllHaveIt) {
  auto ann = connect_as("ann");
  auto bob = connect_as("bob");
  auto phone = connect_as("bob");
  subscribe(*bob);
  subscribe(*phone);
  json message = chat("x", "work:1");
  message["receipt"] = {{"kind", "delivered"}, {"count", "all"}};
  epoch = ann->ask(message)["payload"]["epoch"];
  acknowledge(*phone, 1);
  const auto told = ann->wire.read();
  ASSERT_EQ(told.size(), 1U) << "two devices are one consumer";
  EXPECT_EQ(told[0]["type"], "receipt");
  EXPECT_EQ(told[0]["channel"], "work:1");
  EXPECT_EQ(told[0]["payload"], (json{{"offset", 1},
                                      {"epoch", epoch},
                                      {"kind", "delivered"},
                                      {"count", 1},
                                      {"consumers", {"bob"}},
                                      {"complete", true}}));
  acknowledge(*bob, 1, {{"read", 1}});
  EXPECT_TRUE(ann->wire.read().empty());
  const json list = ann->ask({{"type", "receipts"}, {"channel", "work:1"}});
  EXPECT_EQ(list["payload"]["consumers"],
            (json::array({{{"userId", "bob"}, {"delivered", 1}, {"read", 1}}})));
}

TEST_F(ConsumerAcksTest, ANumberedPublishThatIsRepeatedIsToldOfItsReceiptToo) {
  auto ann = connect_as("ann");
  auto bob = connect_as("bob");
  subscribe(*bob);
  json message = chat("x", "work:1");
  message["seq"] = 1;
  epoch = ann->ask(message)["payload"]["epoch"];
  message["receipt"] = {{"kind", "delivered"}, {"count", 1}};
  EXPECT_EQ(ann->ask(message)["payload"]["duplicate"], true);
  EXPECT_TRUE(ann->wire.read().empty());
  acknowledge(*bob, 1);
  const auto told = ann->wire.read();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0]["type"], "receipt");
  EXPECT_EQ(told[0]["payload"]["complete"], true);
}

TEST_F(ConsumerAcksTest, AReceiptIsRefusedWhereThereCanBeNone) {
  auto ann = connect_as("ann");
  json message = chat("x");
  message["receipt"] = {{"kind", "read"}, {"count", 1}};
  const json refused = ann->ask(message);
  EXPECT_EQ(refused["payload"]["name"], "unsupported");
  EXPECT_EQ(refused["payload"]["path"], "/receipt");
  const json typing = ann->ask({{"type", "user_typing"},
                                {"channel", "work:1"},
                                {"payload", {{"userId", "ann"}, {"sessionId", "s"}}},
                                {"receipt", {{"kind", "read"}, {"count", 1}}}});
  EXPECT_EQ(typing["payload"]["name"], "invalid_message");
  EXPECT_EQ(ann->ask({{"type", "receipts"}, {"channel", "chat:1"}})["payload"]["name"],
            "unsupported");
}

TEST_F(ConsumerAcksTest, ReceiptsAreForThoseWhoMaySeeThePresence) {
  auto ann = connect_as("ann");
  subscribe(*ann);
  publish(*ann, "x");
  acknowledge(*ann, 1);
  domain.config.namespaces["work"].presence = false;
  auto blind = connect_as("eve");
  EXPECT_TRUE(subscribe(*blind)["payload"]["latest"].empty());
  EXPECT_EQ(blind->ask({{"type", "receipts"}, {"channel", "work:1"}})["payload"]["name"],
            "permission_denied");
  auto sighted = connect_as(
      "carl", {{.match = "work:1", .allow = {Permission::subscribe, Permission::presence}}});
  EXPECT_EQ(subscribe(*sighted)["payload"]["latest"].size(), 1U);
  sighted->wire.read();
  blind->wire.read();
  publish(*ann, "y");
  acknowledge(*ann, 2);
  domain.advance(500);
  EXPECT_EQ(sighted->wire.read().back()["type"], "receipt_changed");
  for (const json& each : blind->wire.read()) EXPECT_NE(each["type"], "receipt_changed");
}

/// A consumer that fails in every way it may: it loses acks, repeats and reorders them, goes away
/// and comes back with the position it has processed.
class UnreliableConsumer {
 public:
  explicit UnreliableConsumer(std::uint64_t seed) : random_(seed) {}
  bool chance(int percent) { return static_cast<int>(random_() % 100) < percent; }
  std::uint64_t below(std::uint64_t n) { return n == 0 ? 0 : random_() % n; }

  void take(const json& message) {
    if (message.value("type", "") != "chat_message") return;
    const std::uint64_t offset = message["offset"];
    if (offset == processed + 1 && chance(80)) processed = offset;
  }

  std::uint64_t processed = 0;

 private:
  std::mt19937_64 random_;
};

TEST_F(ConsumerAcksTest, PropertyAConsumerThatAcknowledgesGetsEveryEventWhateverFails) {
  domain.config.namespaces["work"].ack_attempts = 100;
  domain.config.namespaces["work"].history_size = 1'000;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const std::string channel = "work:p" + std::to_string(seed);
    UnreliableConsumer consumer(seed);
    auto ann = connect_as("ann");
    auto bob = connect_as("bob");
    std::uint64_t published = 0;
    json first = bob->ask({{"type", "subscribe"}, {"channel", channel}});
    const std::string life = first["payload"]["epoch"];
    const auto take = [&](const std::vector<json>& messages) {
      for (const json& each : messages) consumer.take(each);
    };
    const auto reconnect = [&] {
      bob = connect_as("bob");
      const json answer =
          bob->ask({{"type", "subscribe"},
                    {"channel", channel},
                    {"payload", {{"since", {{"epoch", life}, {"offset", consumer.processed}}}}}});
      ASSERT_EQ(answer["payload"]["recovered"], true) << seed;
      take(answer["payload"]["publications"]);
    };
    for (int step = 0; step < 300; ++step) {
      if (published < 100 && consumer.chance(50)) {
        ann->ask(chat("x", channel));
        ++published;
      }
      take(bob->wire.read());
      if (consumer.chance(40)) {  // often an old one: acks that overtake each other
        const std::uint64_t offset =
            consumer.processed - consumer.below(consumer.processed + 1) / 4;
        bob->send({{"type", "ack"},
                   {"channel", channel},
                   {"payload", {{"offset", offset}, {"epoch", life}}}});
      }
      if (consumer.chance(5)) reconnect();
      pass(static_cast<std::int64_t>(consumer.below(400)));
      EXPECT_LE(domain.metrics[0]->unacknowledged.value(), 104);
    }
    for (int step = 0; step < 2'000 && consumer.processed < published; ++step) {
      take(bob->wire.read());
      bob->send({{"type", "ack"},
                 {"channel", channel},
                 {"payload", {{"offset", consumer.processed}, {"epoch", life}}}});
      pass(1'000);
    }
    EXPECT_EQ(consumer.processed, published) << "seed " << seed;
  }
  EXPECT_EQ(domain.metrics[0]->dead_letters.value(), 0U);
  EXPECT_GT(domain.metrics[0]->redeliveries.value(), 0U) << "the faults were reached";
}

}  // namespace
}  // namespace tidewire
