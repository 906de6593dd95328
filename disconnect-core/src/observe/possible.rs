//! Enumerates the ends that an endpoint can produce.

use core::iter;

use crate::category::slot;
use crate::endpoint::Endpoint;
use crate::record::Disconnect;
use crate::verdict::{Side, Verdict};
use crate::vocabulary::{DisconnectCause, DisconnectReason};

/// Calls `each` with every end that the endpoint makes of a verdict without a code and without a named party. Causes
/// are included because [`Endpoint::reasons_with`] may depend on them.
pub(super) fn ends<R: slot::Reason>(endpoint: Endpoint, mut each: impl FnMut(&Disconnect)) {
    let causes = || iter::once(None).chain(DisconnectCause::ALL.iter().copied().map(Some));
    for side in [Side::Local, Side::Remote, Side::Network, Side::Unknown] {
        let goodbyes = [Verdict::closed, Verdict::going_away, Verdict::cancelled].map(|verdict| verdict(side));
        let ours = DisconnectReason::ALL.iter().map(|reason| Verdict::new(*reason, side));
        let own = R::ALL.iter().map(|reason| Verdict::own(*reason, side));
        for verdict in goodbyes.into_iter().chain(ours).chain(own) {
            for cause in causes() {
                each(&endpoint.resolve(cause.map_or(verdict, |cause| verdict.with_cause(cause))));
            }
        }
    }
}
