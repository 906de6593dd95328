//! The macros refuse the fixtures of `tests/ui` with the committed messages. `tests/ui.rs` runs them through the compiler,
//! which takes minutes, and holds where each error is as well.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use disconnect_fuzz::fixtures::errors_of;

#[test]
fn the_fixtures_are_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/ui");
    let mut refused = 0;
    for topic in ["category", "codes", "event", "evidence"] {
        for entry in fs::read_dir(folder.join(topic)).expect("a folder of fixtures") {
            let path = entry.expect("a fixture").path();
            let is_source = path.extension().is_some_and(|extension| extension == "rs");
            // These are of `macro_rules!`, which only the compiler runs.
            let is_declarative = path.file_name().is_some_and(|name| {
                ["adapter-", "assert-"].iter().any(|topic| name.to_string_lossy().starts_with(topic))
            });
            if is_source && !is_declarative {
                let found: BTreeSet<String> = errors_of(&read(&path)).into_iter().collect();
                refused += usize::from(!found.is_empty());
                assert_eq!(found, written(&path), "{}", path.display());
            }
        }
    }
    assert!(refused > 200, "{refused} fixtures are refused");
}

/// What the macros say of a fixture, among what the compiler says.
fn written(fixture: &Path) -> BTreeSet<String> {
    let printed = read(&fixture.with_extension("stderr"));
    let messages = printed.lines().filter_map(|line| line.strip_prefix("error: ").map(str::to_owned));
    messages.filter(|message| !message.starts_with("cannot find attribute")).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("a fixture with its output")
}

/// The errors of a call with these items.
fn of_call(items: &str) -> Vec<String> {
    errors_of(&format!("fn close() {{ disconnected!({items}); }}"))
}

#[test]
fn a_name_near_a_slot_may_be_a_field_of_its_own() {
    for name in ["node", "mode", "core", "codec", "\"initator\"", "initiator_id"] {
        assert_eq!(of_call(&format!("reason = Why::A, {name} = x, \"closed\"")), Vec::<String>::new(), "{name}");
    }
    for name in ["cdoe", "cod", "initator", "resaon", "detial", "methd"] {
        let errors = of_call(&format!("reason = Why::A, {name} = x, \"closed\""));
        assert!(matches!(&errors[..], [error] if error.starts_with(&format!("unknown slot `{name}`"))), "{errors:?}");
        // A record has no slots.
        let of_record = of_call(&format!("end, {name} = x, \"closed\""));
        assert!(!of_record.iter().any(|error| error.starts_with("unknown slot")), "{of_record:?}");
    }
}

#[test]
fn each_item_of_a_call_is_read_by_its_form() {
    for call in [
        "reason = Why::A, a = WARN, b = level, \"closed\"",
        "reason = Why::A, group(user.age() >= limit => name), \"closed\"",
        "reason = Why::A, group(user => name, role = job.role()), \"closed\"",
        "reason = Why::A, a.b.c = x, r#type = y, \"d e\" = z, { KEY } = w, %v, ?u, t, \"closed\"",
    ] {
        assert_eq!(of_call(call), Vec::<String>::new(), "{call}");
    }
    for (item, count) in [
        ("a b c = x", 1),
        ("field[Phase = phase]", 1),
        ("a-b = x", 1),
        ("a:b = x", 1),
        ("a. = x", 1),
        (".a = x", 1),
        ("1 = x", 1),
        ("b\"x\" = y", 1),
        ("[KEY] = y", 1),
        ("group(user - > name)", 1),
        ("group(user = > name)", 1),
        ("group(user >= name)", 1),
        ("level = WARN", 1),
        ("disconnect_cause, \"text\", x", 2),
    ] {
        let errors = of_call(&format!("reason = Why::A, {item}, \"closed\""));
        assert_eq!(errors.len(), count, "{item}: {errors:?}");
    }
}

#[test]
fn a_side_may_be_stated_for_each_reason() {
    let of_code = |meaning: &str| {
        errors_of(&format!(
            "#[derive(DisconnectCode)] #[codes(websocket)] enum Chat {{ #[code(4000)] #[{meaning}] Gone }}"
        ))
    };
    for meaning in
        ["reason(NetworkError, side = Network)", "reason(WorkspaceStopped, side = Sender)", "goodbye(Closed)"]
    {
        assert_eq!(of_code(meaning), Vec::<String>::new(), "{meaning}");
    }
    assert_eq!(of_code("reason(WorkspaceStopped, side = Network)").len(), 1);
}

#[test]
fn the_path_of_the_core_may_end_with_a_comma() {
    let of_path = |argument: &str| {
        errors_of(&format!("#[derive(DisconnectEvidence)] #[evidence({argument})] #[reason(Unknown)] struct Failed;"))
    };
    for argument in ["crate = ends", "crate = ::ends::core", "crate = ends,"] {
        assert_eq!(of_path(argument), Vec::<String>::new(), "{argument}");
    }
    for argument in ["core = ends", "crate", "crate: ends", "crate = ", "crate = ends, ends", "crate = 1"] {
        assert!(!of_path(argument).is_empty(), "{argument}");
    }
}

/// The errors of a derive on an enum with one variant, each with this attribute.
fn of_attribute(derive: &str, on_type: &str, on_variant: &str) -> Vec<String> {
    errors_of(&format!("#[derive({derive})] {on_type} enum Ending {{ {on_variant} A }}"))
}

#[test]
fn arguments_of_attributes_are_read_by_their_form() {
    let field = |field: &str| of_attribute("DisconnectField", field, "");
    for given in ["#[field(\"a\", expected = \"b\")]", "#[field(\"a\", crate = ends)]", "#[field(\"a\",)]"] {
        assert_eq!(field(given), Vec::<String>::new(), "{given}");
    }
    for given in ["#[field(\"a\", expected: \"b\")]", "#[field(\"a\", crate: ends)]", "#[field(\"a\";)]"] {
        assert_eq!(field(given).len(), 1, "{given}");
    }
    let value = |value: &str| of_attribute("DisconnectField", "#[field(\"a\")]", value);
    for given in ["#[value(\"a\")]", "#[value(\"a\",)]", "#[alias(\"b\",)]"] {
        assert_eq!(value(given), Vec::<String>::new(), "{given}");
    }
    for given in ["#[value(\"a\";)]", "#[alias(\"b\".)]", "#[value(\"a\" \"b\")]"] {
        assert_eq!(value(given).len(), 1, "{given}");
    }
    let codes = |codes: &str, code: &str| of_attribute("DisconnectCode", codes, &format!("{code} #[goodbye(Closed)]"));
    let first = |errors: Vec<String>| errors.into_iter().next().unwrap_or_default();
    assert_eq!(codes("#[codes(websocket, crate = ends)]", "#[code(4000)]"), Vec::<String>::new());
    for given in ["#[codes(websocket, core = ends)]", "#[codes(websocket, crate: ends)]"] {
        assert!(first(codes(given, "#[code(4000)]")).starts_with("after the protocol, only `crate = path`"), "{given}");
    }
    for given in ["#[code(+4000)]", "#[code(a 4000)]"] {
        assert!(first(codes("#[codes(websocket)]", given)).starts_with("write `#[code(4000)]`"), "{given}");
    }
}

#[test]
fn a_cause_is_a_name_or_an_expression_in_parentheses() {
    let of_cause = |cause: &str| {
        errors_of(&format!("#[derive(DisconnectEvidence)] #[reason(Unknown, cause = {cause})] struct Failed;"))
    };
    for cause in ["Auth", "Why::Superseded", "(why())"] {
        assert_eq!(of_cause(cause), Vec::<String>::new(), "{cause}");
    }
    for cause in ["[why()]", "{ why() }"] {
        assert_eq!(of_cause(cause).len(), 1, "{cause}");
    }
}
