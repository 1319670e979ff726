#pragma once

#include "protocol/envelope.h"

namespace tidewire {

class Session;

/// `visibility`: a client says whether somebody looks at it. A hidden one gets growing messages
/// rolled up; one that becomes visible gets what was held back at once.
class VisibilityHandler {
 public:
  static void change(Session& session, const Envelope& envelope);
};

}  // namespace tidewire
