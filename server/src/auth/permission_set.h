#pragma once

#include <cstdint>
#include <initializer_list>

#include "protocol/codes.gen.h"

namespace tidewire {

/// A set of Permissions in one word. Empty means: nothing is allowed.
class PermissionSet {
 public:
  constexpr PermissionSet() = default;
  constexpr PermissionSet(std::initializer_list<Permission> permissions) {
    for (const Permission permission : permissions) add(permission);
  }
  [[nodiscard]] static constexpr PermissionSet all() {
    return {Permission::subscribe, Permission::publish, Permission::presence, Permission::history,
            Permission::state,     Permission::rpc,     Permission::serve,    Permission::cancel};
  }

  constexpr void add(Permission permission) { bits_ |= bit(permission); }
  [[nodiscard]] constexpr bool contains(Permission permission) const {
    return (bits_ & bit(permission)) != 0;
  }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }

  constexpr PermissionSet& operator|=(PermissionSet other) {
    bits_ |= other.bits_;
    return *this;
  }
  constexpr PermissionSet& operator&=(PermissionSet other) {
    bits_ &= other.bits_;
    return *this;
  }
  friend constexpr PermissionSet operator&(PermissionSet a, PermissionSet b) { return a &= b; }
  friend constexpr PermissionSet operator|(PermissionSet a, PermissionSet b) { return a |= b; }
  friend constexpr bool operator==(PermissionSet, PermissionSet) = default;

 private:
  static constexpr std::uint16_t bit(Permission permission) {
    return static_cast<std::uint16_t>(1U << static_cast<unsigned>(permission));
  }

  std::uint16_t bits_ = 0;
};

}  // namespace tidewire
