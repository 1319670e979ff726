#pragma once

#include <string_view>

#include "auth/claims.h"
#include "protocol/envelope.h"
#include "session/resumption.h"

namespace tidewire {

class Session;

/// `auth`: the first makes the session active, later ones refresh the token in place.
class AuthHandler {
 public:
  static void auth(Session& session, const Envelope& envelope);

  /// The token came with the upgrade and has been verified; `session_id` is the session that the
  /// request named.
  static void welcome_upgraded(Session& session, Claims claims, std::string session_id);

  /// An operator's word in the place of a refresh: the identity holds until then, or `token`
  /// replaces the one that the client brought. False when it does not fit this session.
  static bool extend(Session& session, WallMillis expires_at_ms);
  static bool refresh_by_operator(Session& session, std::string_view token);

 private:
  friend class ResumeHandler;
  /// The token is good: the application is asked, if it wants to be.
  static void enter(Session& session, Claims claims, ResumeWish wish);
  static void begin(Session& session, Claims claims, ResumeWish wish);
  /// A session of its own, under `session_id` or, when that is empty, a new id.
  static void start(Session& session, std::string session_id, std::string_view reply_id);
  static void refresh(Session& session, Claims claims, ResumeWish wish);
  /// The new token counts from here on.
  static void renew(Session& session, Claims claims);
  static void end_what_is_lost(Session& session);
  static void welcome(Session& session, std::string_view id, bool resumed);
  static void revoke_lost_channels(Session& session);
  static void make_room(Session& session);
};

}  // namespace tidewire
