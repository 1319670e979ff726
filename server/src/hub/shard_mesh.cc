#include "hub/shard_mesh.h"

namespace tidewire {

ShardIndex owner_of(std::string_view channel, std::size_t shards) {
  // FNV-1a: the same on every build and node, unlike std::hash.
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : channel) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return static_cast<ShardIndex>((hash ^ hash >> 32) % shards);
}

}  // namespace tidewire
