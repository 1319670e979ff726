#include "session/transfer_desk.h"

#include <utility>

#include "session/session.h"

namespace tidewire {

TransferDesk::TransferDesk(const TransferDeskParts& parts)
    : mesh_(parts.mesh),
      sessions_(parts.sessions),
      clock_(parts.clock),
      timers_(parts.timers),
      table_(parts.limits),
      timer_([](void* self) { static_cast<TransferDesk*>(self)->expire(); }, this) {}

void TransferDesk::reach(const RpcAddress& address, std::move_only_function<void(Session&)> work) {
  mesh_.post(address.shard, [sessions = sessions_[address.shard], id = address.connection_id,
                             work = std::move(work)]() mutable {
    if (Session* session = sessions->find(id)) work(*session);
  });
}

void TransferDesk::begin(RpcAddress session, std::string user, std::string id, std::uint64_t size,
                         Done done) {
  mesh_.post(kHomeShard, [this, session = std::move(session), user = std::move(user),
                          id = std::move(id), size, done = std::move(done)]() mutable {
    auto progress = table_.begin(user, id, size, clock_.mono_ms());
    schedule();
    reach(session, [done = std::move(done), progress = std::move(progress)](
                       Session& there) mutable { done(there, std::move(progress)); });
  });
}

void TransferDesk::add(RpcAddress session, std::string user, std::string id, std::uint64_t index,
                       std::string data, Done done) {
  mesh_.post(kHomeShard,
             [this, session = std::move(session), user = std::move(user), id = std::move(id), index,
              data = std::move(data), done = std::move(done)]() mutable {
               auto progress = table_.add(user, id, index, data, clock_.mono_ms());
               reach(session, [done = std::move(done), progress = std::move(progress)](
                                  Session& there) mutable { done(there, std::move(progress)); });
             });
}

void TransferDesk::finish(RpcAddress session, std::string user, std::string id, Whole whole) {
  mesh_.post(kHomeShard, [this, session = std::move(session), user = std::move(user),
                          id = std::move(id), whole = std::move(whole)]() mutable {
    auto text = table_.finish(user, id);
    reach(session, [whole = std::move(whole), text = std::move(text)](Session& there) mutable {
      whole(there, std::move(text));
    });
  });
}

void TransferDesk::expire() {
  table_.expire(clock_.mono_ms());
  schedule();
}

void TransferDesk::schedule() {
  if (const auto due = table_.next_due(); due && !timer_.waiting()) timers_.schedule(timer_, *due);
}

}  // namespace tidewire
