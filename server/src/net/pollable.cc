#include "net/pollable.h"

#include "net/shard.h"

namespace tidewire::net {

Pollable::~Pollable() {
  if (shard_ != nullptr) shard_->unwatch(*this);
}

}  // namespace tidewire::net
