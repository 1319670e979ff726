#include "session/consumer_acks.h"

#include <algorithm>
#include <utility>

#include "protocol/channel_name.h"
#include "protocol/replies.h"
#include "session/session.h"

namespace tidewire {

std::string default_dead_letter(std::string_view channel) {
  std::string name = "dead:" + std::string(channel);
  std::replace(name.begin() + 5, name.end(), ':', '.');
  if (name.size() > ChannelName::kBytesMax) name.resize(ChannelName::kBytesMax);
  return name;
}

ConsumerAcks::ConsumerAcks(Session& session, ChannelPlace& place, const NamespaceConfig& options,
                           const AckState& before)
    : session_(session),
      place_(place),
      tracker_({.timeout_ms = options.ack_timeout.count(),
                .attempts_max = options.ack_attempts,
                .window = options.ack_window}),
      before_(before),
      dead_letter_(options.dead_letter.empty() ? default_dead_letter(place.channel())
                                               : options.dead_letter),
      timer_([](void* self) { static_cast<ConsumerAcks*>(self)->on_due(); }, this) {}

ConsumerAcks::~ConsumerAcks() {
  session_.context_.metrics.unacknowledged.sub(static_cast<std::int64_t>(counted_));
}

MonoMillis ConsumerAcks::now() const { return session_.now_ms(); }

bool ConsumerAcks::own(const Publication& publication) const {
  return !publication.echo && publication.sender().connection_id == session_.info().connection_id;
}

void ConsumerAcks::begin(const SubscribeSnapshot& snapshot) {
  epoch_ = snapshot.position.epoch;
  const AckState state = snapshot.recovered ? before_ : AckState{.acked = snapshot.position.offset};
  tracker_.begin(state, snapshot.position.offset, now());
  sent_at_ = now();
  settle();
}

bool ConsumerAcks::take(const Publication& publication) {
  if (own(publication)) {
    tracker_.take_own(publication.offset, now());
    settle();
    return false;
  }
  const bool send = tracker_.take(publication.offset, now()) == AckTracker::Taken::send;
  if (send) sent_at_ = now();
  settle();
  return send;
}

AckTracker::Result ConsumerAcks::acknowledge(std::uint64_t offset) {
  const AckTracker::Result result = tracker_.acknowledge(offset, now());
  settle();
  return result;
}

/// Whether everything that was sent here has left the outbox.
bool ConsumerAcks::all_left() const {
  const auto oldest = session_.outbox().oldest();
  return !oldest || *oldest > sent_at_;
}

/// Brings the timer and the gauge up to date and reads on when there is room.
void ConsumerAcks::settle() {
  const std::uint64_t unacknowledged = tracker_.unacknowledged();
  session_.context_.metrics.unacknowledged.add(static_cast<std::int64_t>(unacknowledged) -
                                               static_cast<std::int64_t>(counted_));
  counted_ = unacknowledged;
  if (const auto due = tracker_.due()) {
    session_.context_.timers.schedule(timer_, *due);
  } else {
    timer_.cancel();
  }
  const std::uint64_t wanted = tracker_.wanted();
  if (wanted > 0 && !reading_) read(tracker_.sent(), wanted, &ConsumerAcks::send_more);
}

void ConsumerAcks::on_due() {
  if (reading_ || !all_left()) {
    tracker_.postpone(now());
    return settle();
  }
  const std::uint64_t after = tracker_.acked();
  if (tracker_.exhausted()) return read(after, 1, &ConsumerAcks::bury);
  read(after, tracker_.unacknowledged(), &ConsumerAcks::send_again);
}

void ConsumerAcks::read(std::uint64_t after, std::uint64_t count,
                        void (ConsumerAcks::*then)(Page)) {
  reading_ = true;
  session_.context_.node.history(
      place_.channel(), {.since = StreamPosition{epoch_, after}, .limit = count, .reverse = false},
      [weak = weak_from_this(), after, then](Page page) {
        const auto self = weak.lock();
        if (!self) return;
        self->reading_ = false;
        if (!self->whole(page, after)) return;
        (*self.*then)(std::move(page));
      });
}

/// Whether `page` goes on right after `after`. If not, the subscription ends and says so.
bool ConsumerAcks::whole(const Page& page, std::uint64_t after) {
  if (page && page->position.epoch == epoch_ && !page->publications.empty() &&
      page->publications.front()->offset == after + 1)
    return true;
  timer_.cancel();
  session_.lose_track(place_);
  return false;
}

void ConsumerAcks::send_more(Page page) {
  for (const PublicationPtr& publication : page->publications) {
    if (own(*publication)) {
      tracker_.take_own(publication->offset, now());
    } else if (tracker_.take(publication->offset, now()) == AckTracker::Taken::send) {
      sent_at_ = now();
      session_.push_event(place_, session_.render(*publication), publication);
    }
  }
  settle();
}

void ConsumerAcks::send_again(Page page) {
  const std::uint64_t before = tracker_.attempts();
  std::uint64_t count = 0;
  for (const PublicationPtr& publication : page->publications) {
    if (publication->offset <= tracker_.acked()) continue;  // acknowledged while this was read
    if (own(*publication)) {
      tracker_.take_own(publication->offset, now());
      continue;
    }
    ++count;
    sent_at_ = now();
    session_.push_event(place_, session_.render_again(*publication, before), publication);
  }
  session_.context_.metrics.redeliveries.add(count);
  if (count > 0) tracker_.sent_again(now());
  settle();
}

void ConsumerAcks::bury(Page page) {
  const Publication& event = *page->publications.front();
  if (event.offset <= tracker_.acked()) return settle();
  // A dead letter that nobody takes stays in its own channel: there is no grave behind the grave.
  if (own(event) || event.type() == to_name(MessageType::dead_letter)) return buried(event.offset);
  const std::string payload = dead_letter_payload({.channel = place_.channel(),
                                                   .offset = event.offset,
                                                   .epoch = epoch_,
                                                   .user_id = session_.user_id(),
                                                   .session_id = session_.session_id(),
                                                   .attempts = tracker_.attempts(),
                                                   .event_json = event.json()});
  // Who goes while it is being buried does not hear of it, and buries it again when it is back.
  const std::string grave = "dead " + place_.channel() + ' ' + epoch_ + ' ' + session_.session_id();
  reading_ = true;
  session_.context_.node.publish(
      {.channel = dead_letter_,
       .type = to_name(MessageType::dead_letter),
       .payload = payload,
       .session_id = grave,
       .seq = event.offset,
       .shard = session_.context_.node.index()},
      [weak = weak_from_this(), offset = event.offset,
       &metrics = session_.context_.metrics](const PublishResult& result) {
        if (result && !result->duplicate) metrics.dead_letters.add();
        const auto self = weak.lock();
        if (!self) return;
        self->reading_ = false;
        if (result) return self->buried(offset);
        self->tracker_.postpone(self->now());
        self->settle();
      });
}

void ConsumerAcks::buried(std::uint64_t offset) {
  tracker_.pass(offset, now());
  settle();
}

}  // namespace tidewire
