//! The functions of templates: what each comes down to, and what is wrong with one; and that no text
//! is one that the reader falls over.

use std::fmt::Write;

use egret_control::cloudformation;
use egret_control::finding::{Finding, render};
use egret_control::model::Model;
use egret_control::source::{Sourced, Sources};
use egret_control::template::{self, Data, Parameters, Value};
use proptest::prelude::*;

/// What all expressions below may refer to.
const PREAMBLE: &str = r#"
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Given: { Type: String }
  Open: { Type: String }
  Cidr: { Type: String, Default: 10.0.0.0/16 }
  Names: { Type: CommaDelimitedList, Default: "a, b,c" }
  OpenNames: { Type: "List<AWS::EC2::Subnet::Id>" }
  Held: { Type: "AWS::SSM::Parameter::Value<String>", Default: /held }
  HeldOpen: { Type: "AWS::SSM::Parameter::Value<List<String>>", Default: /open }
  Empty: { Type: String, Default: "" }
Mappings:
  Map: { one: { text: x, list: [p, q] }, us-east-1: { text: y } }
Conditions:
  Yes: !Equals [!Ref Given, given]
  No: !Not [!Condition Yes]
  Unclear: !Equals [!Ref Open, x]
  Short: !And [!Condition No, !Condition Unclear]
  Either: !Or [{ Condition: Yes }, { Condition: Unclear }]
Resources:
  Vpc: { Type: AWS::EC2::VPC, Properties: { CidrBlock: !Ref Cidr } }
  Absent: { Type: AWS::EC2::VPC, Condition: No }
  Perhaps: { Type: AWS::EC2::VPC, Condition: Unclear }
  Subject: { Type: AWS::EC2::Subnet, Properties: { Value: "#;

fn evaluated(expression: &str) -> Result<Value, Vec<Finding>> {
    let text = format!("{PREAMBLE}{expression} }} }}\n");
    let mut sources = Sources::default();
    let file = sources.add("t.yaml", text.as_str());
    let mut given = Parameters::default();
    let mut give = |name: &str, value: &str| {
        given.give(name.to_owned(), Sourced::implied(value.to_owned()));
    };
    give("Given", "given");
    give("ssm:/held", "held");
    let mut findings = Vec::new();
    let read = cloudformation::read(file, &sources, "us-east-1", &given, &mut findings);
    let Some(mut resources) = read else { return Err(findings) };
    assert!(cloudformation::is_template(&text));
    let subject = resources.pop().expect("the subject");
    match subject.properties.data {
        Data::Map(mut properties) => Ok(properties.swap_remove("Value").expect("a value")),
        other => panic!("{other:?}"),
    }
}

fn told(value: &Value) -> String {
    match &value.data {
        Data::Null => "null".to_owned(),
        Data::Bool(flag) => format!("{flag}!"),
        Data::Text(text) => text.clone(),
        Data::List(items) => {
            let items: Vec<String> = items.iter().map(told).collect();
            format!("[{}]", items.join(", "))
        }
        Data::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| format!("{key}: {}", told(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Data::Of { resource, attribute: None } => format!("<{resource}>"),
        Data::Of { resource, attribute: Some(attribute) } => format!("<{resource}.{attribute}>"),
        Data::Unknown(why) => format!("? {why}"),
    }
}

#[test]
fn functions_come_down_to_values() {
    let rows = [
        ("!Ref Given", "given"),
        ("{ Ref: Given }", "given"),
        ("!Ref Open", "? parameter `Open`"),
        ("!Ref Names", "[a, b, c]"),
        ("!Ref Held", "held"),
        ("!Ref HeldOpen", "? SSM parameter `/open`"),
        ("!Ref Empty", ""),
        ("!Ref Vpc", "<Vpc>"),
        ("!Ref Perhaps", "<Perhaps>"),
        ("!Ref AWS::Region", "us-east-1"),
        ("!Ref AWS::NoValue", "null"),
        ("!Ref AWS::Partition", "aws"),
        ("!Ref AWS::AccountId", "? the account's id"),
        ("!GetAtt Vpc.CidrBlock", "10.0.0.0/16"),
        ("!GetAtt Vpc.DefaultSecurityGroup", "<Vpc.DefaultSecurityGroup>"),
        ("{ Fn::GetAtt: [Vpc, VpcId] }", "<Vpc.VpcId>"),
        ("!Sub \"${Given}-${!Given}-${AWS::Region}\"", "given-${Given}-us-east-1"),
        ("!Sub \"${Vpc}\"", "<Vpc>"),
        ("!Sub \"${Vpc.CidrBlock}\"", "10.0.0.0/16"),
        ("!Sub \"x-${Vpc}\"", "? `Vpc`"),
        ("!Sub \"x-${Open}\"", "? parameter `Open`"),
        ("!Sub [\"${A}/${Given}\", { A: !Select [1, !Ref Names] }]", "b/given"),
        ("{ Fn::Sub: \"${Given}!\" }", "given!"),
        ("!Join [\"-\", [a, !Ref Given, 3]]", "a-given-3"),
        ("!Join [\"\", [!Ref Vpc]]", "<Vpc>"),
        ("!Join [\",\", !Ref Names]", "a,b,c"),
        ("!Join [\",\", !Ref OpenNames]", "? parameter `OpenNames`"),
        ("!Select [2, !Ref Names]", "c"),
        ("!Select [\"0\", !GetAZs \"\"]", "us-east-1a"),
        ("{ Fn::Select: [1, { Fn::GetAZs: { Ref: AWS::Region } }] }", "us-east-1b"),
        ("!Select [1, !GetAZs { Ref: \"AWS::Region\" }]", "us-east-1b"),
        ("!Select [1, !Ref OpenNames]", "? item 1 of parameter `OpenNames`"),
        ("!Split [\".\", a.b.c]", "[a, b, c]"),
        ("!Select [1, !Split [\"/\", !Ref Cidr]]", "16"),
        ("!Cidr [!Ref Cidr, 2, 8]", "[10.0.0.0/24, 10.0.1.0/24]"),
        ("!Select [1, !Cidr [!GetAtt Vpc.CidrBlock, 2, \"13\"]]", "10.0.32.0/19"),
        ("!Cidr [!Ref Open, 2, 8]", "? parameter `Open`"),
        ("!FindInMap [Map, one, list]", "[p, q]"),
        ("!FindInMap [Map, !Ref AWS::Region, text]", "y"),
        ("!FindInMap [Map, !Ref Open, text]", "? parameter `Open`"),
        ("!FindInMap [Map, two, text, { DefaultValue: z }]", "z"),
        ("!If [Yes, a, b]", "a"),
        ("!If [No, a, !Ref AWS::NoValue]", "null"),
        ("!If [Unclear, a, b]", "? condition `Unclear` (parameter `Open`)"),
        ("!If [Unclear, a, a]", "a"),
        ("!If [Short, a, b]", "b"),
        ("!If [Either, a, b]", "a"),
        ("!If [Yes, a, !Ref Absent]", "a"),
        ("!ImportValue other-vpc", "? `other-vpc`, which another stack exports"),
        (
            "{ Fn::ImportValue: !Sub \"${Given}-vpc\" }",
            "? `given-vpc`, which another stack exports",
        ),
        ("!Base64 hello", "aGVsbG8="),
        ("{ Fn::Length: !Ref Names }", "3"),
        ("{ Fn::ToJsonString: { a: 1 } }", "? what `Fn::ToJsonString` makes"),
        ("\"{{resolve:ssm:/held}}\"", "held"),
        ("\"{{resolve:ssm:/held:3}}\"", "held"),
        ("\"{{resolve:ssm:/other}}\"", "? SSM parameter `/other`"),
        (
            "\"{{resolve:secretsmanager:db:SecretString:x}}\"",
            "? `{{resolve:secretsmanager:db:SecretString:x}}`",
        ),
        (
            "{ a: true, b: \"true\", c: 010, d: !Ref AWS::NoValue }",
            "{a: true!, b: true, c: 010, d: null}",
        ),
    ];
    for (expression, wanted) in rows {
        match evaluated(expression) {
            Ok(value) => assert_eq!(told(&value), wanted, "{expression}"),
            Err(findings) => panic!("{expression}: {findings:?}"),
        }
    }
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let rows = [
        "!Ref Vcp",
        "!Ref [Vpc]",
        "!Ref Absent",
        "!GetAtt Vpc",
        "!GetAtt Vpcs.CidrBlock",
        "!Sub \"${Missing}\"",
        "!Sub [x]",
        "!Join [\",\", a]",
        "!Select [3, !Ref Names]",
        "!Select [x, !Ref Names]",
        "!Split [\"\", x]",
        "!Cidr [!Ref Cidr, 300, 8]",
        "!Cidr [nonsense, 2, 8]",
        "!FindInMap [Map, three, text]",
        "!FindInMap [Maps, one, text]",
        "!If [Yse, a, b]",
        "!If [Yes, a]",
        "!GetAzs \"\"",
        "!Equals [a, b]",
    ];
    let mut out = String::new();
    for expression in rows {
        let findings = evaluated(expression).expect_err(expression);
        let mut sources = Sources::default();
        sources.add("t.yaml", "");
        for finding in findings {
            let help = finding.help.as_deref().map_or(String::new(), |help| format!(" ({help})"));
            let _ = writeln!(out, "{expression}\n  {}{help}", render::line(&finding, &sources));
        }
    }
    insta::assert_snapshot!(out);
}

#[test]
fn what_refers_to_itself_ends() {
    let text = r#"
Conditions: { A: !Condition B, B: !Not [!Condition A] }
Resources:
  One: { Type: AWS::EC2::VPC, Condition: A, Properties: { CidrBlock: !GetAtt Two.CidrBlock } }
  Two: { Type: AWS::EC2::VPC, Properties: { CidrBlock: !Sub "${Three.CidrBlock}${Three.CidrBlock}" } }
  Three: { Type: AWS::EC2::VPC, Properties: { CidrBlock: !Sub "${Two.CidrBlock}${Two.CidrBlock}" } }
"#;
    let mut sources = Sources::default();
    let file = sources.add("t.yaml", text);
    let mut findings = Vec::new();
    let given = Parameters::default();
    assert!(cloudformation::read(file, &sources, "us-east-1", &given, &mut findings).is_none());
    let codes: Vec<&str> = findings.iter().map(|finding| finding.code).collect();
    assert!(codes.contains(&"circular-condition") && codes.contains(&"too-deep"), "{codes:?}");
}

/// Reads a text as a template, whatever it is, and maps what it declares.
fn read_anything(text: &str) {
    let mut model = Model::default();
    let file = model.sources.add("t.yaml", text);
    cloudformation::is_template(text);
    let (sources, given) = (model.sources.clone(), Parameters::default());
    let mut findings = Vec::new();
    let read = cloudformation::read(file, &sources, "us-east-1", &given, &mut findings);
    let Some(resources) = read else {
        assert!(findings.iter().any(Finding::is_error), "nothing came of it, and nothing was said");
        return;
    };
    template::into_model(&resources, "us-east-1", &mut model, &mut findings);
    for finding in &findings {
        render::line(finding, &sources);
    }
}

/// What templates are made of.
fn word() -> impl Strategy<Value = String> {
    let words = [
        "Resources:",
        "Parameters:",
        "Conditions:",
        "Mappings:",
        "Type:",
        "Properties:",
        "Condition:",
        "Ref:",
        "Fn::GetAtt:",
        "Fn::If:",
        "Fn::Sub:",
        "Default:",
        "AWS::EC2::VPC",
        "AWS::EC2::Subnet",
        "AWS::EC2::Route",
        "AWS::EC2::SecurityGroup",
        "A:",
        "B:",
        "A",
        "B",
        "A.B",
        "CidrBlock:",
        "VpcId:",
        "SecurityGroupEgress:",
        "RouteTableId:",
        "!Ref",
        "!GetAtt",
        "!Sub",
        "!Select",
        "!Split",
        "!Join",
        "!Cidr",
        "!GetAZs",
        "!If",
        "!Equals",
        "!Not",
        "!And",
        "!FindInMap",
        "!ImportValue",
        "!Base64",
        "\"${A}\"",
        "\"${A.B}${!A}${\"",
        "\"{{resolve:ssm:a}}\"",
        "[",
        "]",
        "{",
        "}",
        ",",
        "-",
        "10.0.0.0/16",
        "0.0.0.0/0",
        "0",
        "32",
        "-1",
        "true",
        "null",
        "''",
        "&a",
        "*a",
        "\n",
        "\n  ",
        "\n    ",
        "\n      ",
        "\n        ",
    ];
    prop_oneof![
        40 => prop::sample::select(words.to_vec()).prop_map(str::to_owned),
        1 => "\\PC{0,8}",
    ]
}

const FIXTURES: [&str; 4] = [
    include_str!("fixtures/templates/three-zones.yaml"),
    include_str!("fixtures/templates/joined-vpcs.yaml"),
    include_str!("fixtures/templates/lambda-elsewhere.yaml"),
    include_str!("fixtures/templates/cdk-function.template.json"),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_words_are_fallen_over(words in prop::collection::vec(word(), 0..60)) {
        read_anything(&words.join(" "));
        read_anything(&format!("{PREAMBLE}{} }} }}", words.join(" ").replace('\n', " ")));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// A template of which a line is missing, written twice, or changed for another.
    #[test]
    fn no_damage_is_fallen_over(which in 0..4usize, at in 0..1000usize, by in word(), how in 0..3) {
        let mut lines: Vec<&str> = FIXTURES[which].lines().collect();
        let at = at % lines.len();
        let head = lines[at].split_once(':').map_or("", |(head, _)| head);
        let changed = format!("{head}: {by}");
        match how {
            0 => drop(lines.remove(at)),
            1 => lines.insert(at, lines[at]),
            _ => lines[at] = &changed,
        }
        read_anything(&lines.join("\n"));
    }
}
