//! No file makes the reader panic.

use egret_control::source::Sources;
use egret_control::{model::Model, terraform};
use proptest::prelude::*;

/// Values to put in the place of others.
const TOKENS: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1e99",
    "\"\"",
    "\"x\"",
    "[]",
    "{}",
    "[[]]",
    "[true]",
    "{\"references\":[\"var.x\"]}",
    "{\"references\":[\"each.value.id\",\"local.a\"]}",
    "\"aws_vpc.this[\"",
    "\"module.a.module.b\"",
    "[{}]",
    "[null]",
];

fn read(text: String) {
    let mut model = Model::default();
    let file = model.sources.add("plan.json", text);
    let _ = terraform::read(&Sources::clone(&model.sources), file);
    terraform::read_into(&mut model, file);
}

/// A plan of which some values are others.
fn changed(text: &str, changes: &[(usize, usize)]) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut lines: Vec<String> = lines.into_iter().map(str::to_owned).collect();
    for (line, token) in changes {
        let line = line % lines.len();
        let comma = if lines[line].ends_with(',') { "," } else { "" };
        if let Some((key, value)) = lines[line].clone().split_once(": ")
            && !value.starts_with(['[', '{'])
        {
            lines[line] = format!("{key}: {}{comma}", TOKENS[token % TOKENS.len()]);
        }
    }
    lines.join("\n")
}

fn tree() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(TOKENS).prop_map(str::to_owned);
    leaf.prop_recursive(5, 40, 6, |inner| {
        let key = prop::sample::select(
            &[
                "format_version",
                "terraform_version",
                "values",
                "root_module",
                "child_modules",
                "resources",
                "resource_changes",
                "address",
                "type",
                "name",
                "mode",
                "change",
                "actions",
                "after",
                "after_unknown",
                "before",
                "configuration",
                "expressions",
                "module_calls",
                "module",
                "outputs",
                "expression",
                "references",
                "variables",
            ][..],
        );
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((key, inner), 0..6).prop_map(|entries| {
                let entries = entries.iter().map(|(key, value)| format!("{key:?}:{value}"));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_plan_makes_the_reader_panic(changes in prop::collection::vec((0usize.., 0usize..), 1..24)) {
        read(changed(include_str!("../fixtures/terraform/modules/plan.json"), &changes));
    }

    #[test]
    fn no_tree_makes_the_reader_panic(text in tree()) {
        read(format!("{{\"format_version\":\"1.2\",\"values\":{text},\"configuration\":{text}}}"));
        read(format!("{{\"format_version\":\"1.2\",\"resource_changes\":[{{\"address\":\"aws_subnet.a\",\"type\":\"aws_subnet\",\"change\":{{\"actions\":[\"create\"],\"after\":{text},\"after_unknown\":{text}}}}}]}}"));
    }

    #[test]
    fn no_cut_makes_the_reader_panic(at in 0usize..39_000) {
        let text = include_str!("../fixtures/terraform/modules/plan.json");
        read(text[..text.floor_char_boundary(at)].to_owned());
    }
}
