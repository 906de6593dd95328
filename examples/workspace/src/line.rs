//! The line of a connection that may have ended with its workspace: the build that did it stands beside the attribution.

/// `disconnected!`, after the build that ended the connection, if one did.
macro_rules! disconnected_with {
    ($build:expr, level: $level:ident, $end:expr, $($rest:tt)+) => {{
        let build: Option<&$crate::wire::message::Build> = $build;
        disconnect_core::disconnected!(
            level: $level,
            $end,
            build_id = build.map(|build| build.build_id),
            build_reason = build.map(|build| &*build.build_reason),
            transition = build.map(|build| &*build.transition),
            $($rest)+
        );
    }};
    ($build:expr, $end:expr, $($rest:tt)+) => {{
        let build: Option<&$crate::wire::message::Build> = $build;
        disconnect_core::disconnected!(
            $end,
            build_id = build.map(|build| build.build_id),
            build_reason = build.map(|build| &*build.build_reason),
            transition = build.map(|build| &*build.transition),
            $($rest)+
        );
    }};
}

pub(crate) use disconnected_with;
