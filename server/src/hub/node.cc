#include "hub/node.h"

#include <memory>
#include <utility>

namespace tidewire {
namespace {

/// The entry of `key`, or when that is empty all there are.
std::vector<StateEntry> entries_of(const StateTable& table, const std::string& key) {
  std::vector<StateEntry> list;
  if (key.empty()) {
    for (const auto& [name, value] : table.all())
      list.push_back({name, value.json, value.version, value.expires_at});
  } else if (const StateValue* value = table.find(key)) {
    list.push_back({key, value->json, value->version, value->expires_at});
  }
  return list;
}

}  // namespace

Node::Node(const NodeParts& parts)
    : index_(parts.index),
      mesh_(parts.mesh),
      metrics_(parts.metrics),
      hub_({parts.json, parts.forms, parts.clock, parts.timers}, parts.metrics),
      history_budget_{.bytes_max = parts.config.limits.history_bytes / parts.mesh.size()},
      channels_(parts.config,
                {parts.json, parts.clock, parts.timers, parts.metrics, parts.limits,
                 history_budget_, parts.store,
                 [this](const Channel& channel, const PublicationPtr& publication) {
                   fan_out(channel, publication);
                 }},
                parts.config.limits.channels / parts.mesh.size() + 1, parts.metrics),
      nodes_{this} {}

template <typename Result>
void Node::ask(std::string_view channel, std::move_only_function<Result(Node&)> work,
               Done<Result> done) {
  ask_later<Result>(
      channel,
      [work = std::move(work)](Node& node, Done<Result> answer) mutable { answer(work(node)); },
      std::move(done));
}

template <typename Result>
void Node::ask_later(std::string_view channel,
                     std::move_only_function<void(Node&, Done<Result>)> work, Done<Result> done) {
  const ShardIndex owner = owner_of(channel, nodes_.size());
  if (owner == index_) return work(*this, std::move(done));
  mesh_.post(owner, [this, node = nodes_[owner], work = std::move(work),
                     done = std::move(done)]() mutable {
    work(*node, [this, done = std::move(done)](Result result) mutable {
      mesh_.post(index_, [result = std::move(result), done = std::move(done)]() mutable {
        done(std::move(result));
      });
    });
  });
}

void Node::publish(const PublishRequest& request, PublishDone done) {
  const ShardIndex owner = owner_of(request.channel, nodes_.size());
  if (owner == index_) return publish_here(request, std::move(done));
  ask_later<PublishResult>(
      request.channel,
      [parcel = PublishParcel(request)](Node& node, PublishDone answer) {
        node.publish_here(parcel.request(), std::move(answer));
      },
      std::move(done));
}

void Node::publish_here(const PublishRequest& request, PublishDone done) {
  auto channel = channels_.find_or_create(request.channel);
  if (!channel) return done(std::unexpected(std::move(channel.error())));
  (*channel)->publish(request, [this, done = std::move(done)](PublishResult result) mutable {
    if (result && !result->duplicate) metrics_.publishes.add();
    done(std::move(result));
  });
}

void Node::cancel(CancelRequest request, Done<std::expected<CancelAck, Error>> done) {
  const std::string name = request.channel;
  ask<std::expected<CancelAck, Error>>(
      name,
      [request = std::move(request)](Node& node) -> std::expected<CancelAck, Error> {
        auto channel = node.channels_.find_or_create(request.channel);
        if (!channel) return std::unexpected(std::move(channel.error()));
        auto ack = (*channel)->cancel(request);
        // The owner tells who watches, so that they hear of it before an answer to a later piece.
        if (ack && ack->producer && ack->producer->sender.connection_id.empty())
          node.mesh_.post(
              ack->producer->shard, [producer = node.nodes_[ack->producer->shard], request] {
                producer->cancel_watches_.tell(request.channel, request.message_id, request.cancel);
              });
        return ack;
      },
      std::move(done));
}

void Node::end_stream(InterruptRequest request, Done<bool> done) {
  const std::string name = request.channel;
  ask<bool>(
      name,
      [request = std::move(request)](Node& node) {
        Channel* found = node.channels_.find(request.channel);
        return found != nullptr && found->end_stream(request);
      },
      std::move(done));
}

void Node::stream_status(std::string channel, std::string message_id, Done<StreamStatus> done) {
  const std::string name = channel;
  ask<StreamStatus>(
      name,
      [channel = std::move(channel), message_id = std::move(message_id)](Node& node) {
        const Channel* found = node.channels_.find(channel);
        return found == nullptr ? StreamStatus{} : found->streams().status(message_id);
      },
      std::move(done));
}

void Node::fan_out(const Channel& channel, const PublicationPtr& publication) {
  const auto& interest = channel.interest();
  for (ShardIndex shard = 0; shard < interest.size(); ++shard) {
    if (interest[shard] == 0) continue;
    if (shard == index_) {
      deliver(publication);
    } else {
      mesh_.post(shard, [node = nodes_[shard], publication] { node->deliver(publication); });
    }
  }
}

void Node::deliver(const PublicationPtr& publication) { hub_.deliver(publication); }

void Node::subscribe(Subscription& subscription, SubscribeRequest request,
                     Done<std::expected<SubscribeSnapshot, Error>> done) {
  hub_.add(subscription);
  metrics_.subscriptions.add();
  const std::string channel = request.channel;
  ask_later<std::expected<SubscribeSnapshot, Error>>(
      channel,
      [request = std::move(request), shard = index_](
          Node& node, Done<std::expected<SubscribeSnapshot, Error>> answer) {
        node.subscribe_here(request, shard, std::move(answer));
      },
      std::move(done));
}

void Node::subscribe_here(const SubscribeRequest& request, ShardIndex shard,
                          Done<std::expected<SubscribeSnapshot, Error>> done) {
  auto channel = channels_.find_or_create(request.channel);
  if (!channel) return done(std::unexpected(std::move(channel.error())));
  (*channel)->subscribe(
      request, shard,
      [done = std::move(done)](SubscribeSnapshot snapshot) mutable { done(std::move(snapshot)); });
}

void Node::unsubscribe(Subscription& subscription, std::string user_id, std::string session_id,
                       LeaveKind kind, bool joined) {
  hub_.remove(subscription);
  metrics_.subscriptions.sub();
  if (!joined) return;
  Departure departure{std::move(user_id), std::move(session_id), kind};
  const ShardIndex owner = owner_of(subscription.channel(), nodes_.size());
  if (owner == index_) return unsubscribe_here(subscription.channel(), departure, index_);
  mesh_.post(owner, [node = nodes_[owner], channel = subscription.channel(),
                     departure = std::move(departure),
                     shard = index_] { node->unsubscribe_here(channel, departure, shard); });
}

void Node::unsubscribe_here(const std::string& name, const Departure& departure, ShardIndex shard) {
  if (Channel* channel = channels_.find(name)) channel->unsubscribe(departure, shard);
}

void Node::history(std::string channel, HistoryQuery query,
                   Done<std::expected<HistoryPage, Error>> done) {
  const std::string name = channel;
  ask_later<std::expected<HistoryPage, Error>>(
      name,
      [channel = std::move(channel), query = std::move(query)](
          Node& node, Done<std::expected<HistoryPage, Error>> answer) {
        auto found = node.channels_.find_or_create(channel);
        if (!found) return answer(std::unexpected(std::move(found.error())));
        (*found)->history(query, std::move(answer));
      },
      std::move(done));
}

void Node::remove_history(std::string channel, Done<std::expected<StreamPosition, Error>> done) {
  const std::string name = channel;
  ask<std::expected<StreamPosition, Error>>(
      name,
      [channel = std::move(channel)](Node& node) -> std::expected<StreamPosition, Error> {
        auto found = node.channels_.find_or_create(channel);
        if (!found) return std::unexpected(std::move(found.error()));
        return (*found)->remove_history();
      },
      std::move(done));
}

void Node::presence(std::string channel, Done<PresenceReport> done) {
  const std::string name = channel;
  ask<PresenceReport>(
      name,
      [channel = std::move(channel)](Node& node) {
        Channel* found = node.channels_.find(channel);
        return found == nullptr ? PresenceReport{} : found->presence().report();
      },
      std::move(done));
}

void Node::presence_stats(std::string channel, Done<PresenceStats> done) {
  const std::string name = channel;
  ask<PresenceStats>(
      name,
      [channel = std::move(channel)](Node& node) {
        Channel* found = node.channels_.find(channel);
        return found == nullptr ? PresenceStats{} : found->presence().stats();
      },
      std::move(done));
}

void Node::acknowledge(ReceiptMove move) {
  const ShardIndex owner = owner_of(move.channel, nodes_.size());
  mesh_.post(owner, [node = nodes_[owner], move = std::move(move)] {
    if (Channel* channel = node->channels_.find(move.channel)) channel->move_receipt(move);
  });
}

void Node::watch_receipt(ReceiptWatch watch) {
  const ShardIndex owner = owner_of(watch.channel, nodes_.size());
  mesh_.post(owner, [node = nodes_[owner], watch = std::move(watch)]() mutable {
    auto channel = node->channels_.find_or_create(watch.channel);
    if (!channel) return watch.give_up();
    (*channel)->watch_receipt(std::move(watch));
  });
}

void Node::receipts(std::string channel, std::uint64_t offset, Done<ReceiptList> done) {
  const std::string name = channel;
  ask<ReceiptList>(
      name,
      [channel = std::move(channel), offset](Node& node) {
        auto found = node.channels_.find_or_create(channel);
        if (!found || (*found)->receipts() == nullptr) return ReceiptList{};
        return ReceiptList{(*found)->top().epoch, (*found)->receipts()->passed(offset)};
      },
      std::move(done));
}

void Node::presence_update(PresenceUpdate update, Done<std::expected<void, Error>> done) {
  const std::string name = update.channel;
  ask<std::expected<void, Error>>(
      name,
      [update = std::move(update)](Node& node) -> std::expected<void, Error> {
        if (Channel* found = node.channels_.find(update.channel))
          return found->presence().update(update);
        return fail(ErrorCode::not_subscribed, "nobody is in this channel", "/channel");
      },
      std::move(done));
}

void Node::connection_gone(std::string channel, std::string user_id, std::string connection_id) {
  const std::string name = channel;
  ask<bool>(
      name,
      [channel = std::move(channel), user_id = std::move(user_id),
       connection_id = std::move(connection_id)](Node& node) {
        Channel* found = node.channels_.find(channel);
        if (found != nullptr) found->connection_gone(user_id, connection_id);
        return found != nullptr;
      },
      [](bool) {});
}

void Node::state_get(std::string channel, std::string key,
                     Done<std::expected<std::vector<StateEntry>, Error>> done) {
  const std::string name = channel;
  ask_later<std::expected<std::vector<StateEntry>, Error>>(
      name,
      [channel = std::move(channel), key = std::move(key)](
          Node& node, Done<std::expected<std::vector<StateEntry>, Error>> answer) mutable {
        auto found = node.channels_.find_or_create(channel);
        if (!found) return answer(std::unexpected(std::move(found.error())));
        (*found)->read_state([key = std::move(key), answer = std::move(answer)](
                                 std::expected<const StateTable*, Error> table) mutable {
          if (!table) return answer(std::unexpected(std::move(table.error())));
          answer(entries_of(**table, key));
        });
      },
      std::move(done));
}

void Node::state_change(StateChange change, Done<std::expected<StateChanged, Error>> done) {
  const std::string name = change.channel;
  ask_later<std::expected<StateChanged, Error>>(
      name,
      [change = std::move(change)](Node& node,
                                   Done<std::expected<StateChanged, Error>> answer) mutable {
        auto found = node.channels_.find_or_create(change.channel);
        if (!found) return answer(std::unexpected(std::move(found.error())));
        (*found)->change_state(std::move(change), std::move(answer));
      },
      std::move(done));
}

void Node::list_channels(std::string prefix, std::size_t limit,
                         Done<std::vector<ChannelSummary>> done) {
  struct Gathering {
    std::vector<ChannelSummary> list;
    std::size_t missing;
    Done<std::vector<ChannelSummary>> done;
  };
  auto gathering = std::make_shared<Gathering>(Gathering{{}, nodes_.size(), std::move(done)});
  for (Node* node : nodes_) {
    mesh_.post(node->index_, [this, node, prefix, limit, gathering] {
      mesh_.post(index_, [part = node->list_here(prefix, limit), gathering]() mutable {
        for (ChannelSummary& each : part) gathering->list.push_back(std::move(each));
        if (--gathering->missing == 0) gathering->done(std::move(gathering->list));
      });
    });
  }
}

std::vector<ChannelSummary> Node::list_here(std::string_view prefix, std::size_t limit) {
  std::vector<ChannelSummary> list;
  channels_.for_each([&](const Channel& channel) {
    if (list.size() >= limit || !channel.name().starts_with(prefix)) return;
    list.push_back({channel.name(), channel.subscribers(), channel.presence().size(),
                    channel.streams().growing(), channel.top()});
  });
  return list;
}

void Node::sweep() { channels_.sweep(); }

}  // namespace tidewire
