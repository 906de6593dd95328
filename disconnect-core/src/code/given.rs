//! What stands for a code where one is asked for: a code, an option of one, or a reference to either.

use super::Code;

/// What `code = ...` takes, in `disconnected!` and in `#[reason(...)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a protocol code",
    label = "expected a code, such as `Code::websocket(1001)`, or an option of one"
)]
pub trait GivenCode {
    /// The code, if there is one.
    fn code(self) -> Option<Code>;
}

#[diagnostic::do_not_recommend]
impl GivenCode for Code {
    fn code(self) -> Option<Code> {
        Some(self)
    }
}

#[diagnostic::do_not_recommend]
impl GivenCode for Option<Code> {
    fn code(self) -> Option<Code> {
        self
    }
}

/// A field of an error is borrowed.
#[diagnostic::do_not_recommend]
impl<T: GivenCode + Copy> GivenCode for &T {
    fn code(self) -> Option<Code> {
        (*self).code()
    }
}
