//! The call sites of the example, as in the table of its README: process, message, level and layer.

use crate::end::Site;

/// Always DEBUG.
const DEBUG: Option<&str> = Some("DEBUG");
/// INFO for an expected end, WARN for an end that needs attention.
const BY_END: Option<&str> = None;

/// The only workspace, the only terminal, and any port.
const WORKSPACE: (&str, &str) = ("workspace", "dev");
const TERMINAL: (&str, &str) = ("terminal_id", "t1");
const PORT: (&str, &str) = ("port", crate::end::PORT);

macro_rules! sites {
    ($($name:ident = $process:literal, $message:literal, $level:ident, $connect_type:literal $(, $field:ident)?;)*) => {
        $(pub(crate) const $name: Site = Site {
            process: $process,
            message: $message,
            connect_type: $connect_type,
            level: $level,
            field: [$(Some($field),)? None][0],
        };)*
        /// All call sites.
        pub(crate) const ALL: &[Site] = &[$($name),*];
    };
}

sites! {
    AGENT_CONTROL = "agent", "disconnected from coderd", BY_END, "server_to_agent", WORKSPACE;
    AGENT_COORDINATION = "agent", "disconnected from coordination RPC", DEBUG, "server_to_agent", WORKSPACE;
    AGENT_DERP_MAP = "agent", "disconnected from derp map RPC", DEBUG, "server_to_agent", WORKSPACE;
    AGENT_SESSION = "agent", "ssh session closed", BY_END, "agent_to_client";
    AGENT_SSH = "agent", "ssh connection complete", BY_END, "agent_to_client";
    AGENT_IDE = "agent", "forwarded IDE channel closed", DEBUG, "agent_to_client", PORT;
    AGENT_FORWARD = "agent", "forwarded channel closed", DEBUG, "agent_to_client", PORT;
    AGENT_TERMINAL = "agent", "reconnecting terminal closed", BY_END, "agent_to_client", TERMINAL;
    AGENT_ATTACHED = "agent", "terminal connection closed", BY_END, "agent_to_client", TERMINAL;
    SERVER_AGENT = "server", "agent disconnected", BY_END, "server_to_agent", WORKSPACE;
    SERVER_CLIENT = "server", "client disconnected", BY_END, "client_to_server", WORKSPACE;
    SERVER_MANAGEMENT = "server", "management connection closed", DEBUG, "client_to_server", WORKSPACE;
    SERVER_RELAY = "server", "relayed connection closed", BY_END, "agent_to_client", WORKSPACE;
    SERVER_LEG = "server", "relay leg closed", BY_END, "agent_to_client", WORKSPACE;
    CLIENT_COORDINATION = "client", "coordination closed", DEBUG, "client_to_server", WORKSPACE;
    CLIENT_RETRYING = "client", "connection closed, retrying", BY_END, "client_to_server", WORKSPACE;
    CLIENT_MANAGEMENT = "client", "management connection closed", DEBUG, "client_to_server", WORKSPACE;
    CLIENT_SESSION = "client", "ssh session closed", BY_END, "agent_to_client";
    CLIENT_SSH = "client", "ssh connection closed", BY_END, "agent_to_client";
    CLIENT_FORWARD = "client", "forwarded channel closed", DEBUG, "agent_to_client", PORT;
    CLIENT_PROXY = "client", "proxied connection closed", BY_END, "agent_to_client";
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of the README: process, message, level, direction.
    fn rows() -> Vec<(String, String, bool, String)> {
        let readme = include_str!("../../../examples/workspace/README.md");
        let rows = readme.lines().filter_map(|line| {
            let cells: Vec<_> = line.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
            let [_, process, message, level, connect_type, ..] = cells.as_slice() else { return None };
            let is_row = ["agent", "server", "client"].contains(process);
            is_row.then(|| {
                let (process, message) = ((*process).to_owned(), (*message).to_owned());
                (process, message, level.starts_with("DEBUG"), (*connect_type).to_owned())
            })
        });
        rows.collect()
    }

    #[test]
    fn they_are_those_of_the_readme() {
        let of_site = |site: &Site| {
            let (process, message) = (site.process.to_owned(), site.message.to_owned());
            (process, message, site.level == DEBUG, site.connect_type.to_owned())
        };
        assert_eq!(ALL.iter().map(of_site).collect::<Vec<_>>(), rows());
    }
}
