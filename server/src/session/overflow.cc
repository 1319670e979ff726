#include "session/overflow.h"

namespace tidewire {

OverflowAction overflow_action(OverflowPolicy policy, const Publication& publication) {
  const bool may_be_lost = !is_ordered(publication.delivery) && !publication.lossless;
  switch (policy) {
    case OverflowPolicy::by_class:
    case OverflowPolicy::conflate:
      return may_be_lost ? OverflowAction::drop : OverflowAction::disconnect;
    case OverflowPolicy::drop_oldest:
      return may_be_lost ? OverflowAction::drop_oldest : OverflowAction::spill;
    case OverflowPolicy::fold:
      if (publication.delivery == DeliveryClass::stream) return OverflowAction::spill;
      return may_be_lost ? OverflowAction::drop : OverflowAction::disconnect;
    case OverflowPolicy::spill:
      return may_be_lost ? OverflowAction::drop : OverflowAction::spill;
    case OverflowPolicy::disconnect:
      break;
  }
  return OverflowAction::disconnect;
}

}  // namespace tidewire
