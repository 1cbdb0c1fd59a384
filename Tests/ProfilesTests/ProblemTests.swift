import Bytes
import Profiles
import Testing

@Suite("A mistake in a profile")
struct ProblemTests {
  private static func base(_ source: String) -> String { "component: a\nrepository: r\nsource:\n\(source)\n" }

  /// What stands in the file, and what is said about it.
  private static let mistakes: [(String, [String])] = [
    ("", ["1:1: the file is empty"]),
    ("- a\n- b\n", ["1:1: a profile is expected, this is a list"]),
    ("component: [a\n", ["2:1: not valid YAML: did not find expected ',' or ']'"]),
    ("a: 'b\n", ["2:1: not valid YAML: found unexpected end of stream"]),
    (
      "component: a\nrepositry: r\nsource: {kind: stdin}\n",
      [
        "1:1: repository: missing; a folder or s3://bucket/prefix is expected",
        "2:1: repositry: unknown key; did you mean repository?",
      ]
    ),
    (
      base("  kind: sqlite\n  pth: x\n  path: y"), ["5:3: source.pth: unknown key; did you mean path?"]
    ),
    (
      base("  kind: stdin\n  wholly-other: x"),
      ["5:3: source.wholly-other: unknown key; valid here: kind, stream, marker, expected-size, stall-timeout, timeout"]
    ),
    (base("  kind: sqllite"), [#"4:9: source.kind: "sqllite" is not known; did you mean sqlite?"#]),
    (
      base("  kind: oracle"),
      [
        #"4:9: source.kind: "oracle" is not known; valid here: postgresql, mariadb, redis, sqlite, directory, command, stdin"#
      ]
    ),
    (
      base("  path: x"),
      ["4:3: source.kind: missing; postgresql, mariadb, redis, sqlite, directory, command or stdin is expected"]
    ),
    (base("  kind: sqlite"), ["4:3: source.path: missing; the database file is expected"]),
    (base("  kind: sqlite\n  path:"), ["5:8: source.path: a path is expected, this is nothing"]),
    (base("  kind: sqlite\n  path: [a]"), ["5:9: source.path: a path is expected, this is a list"]),
    (
      base("  kind: sqlite\n  path: ~/a"), ["5:9: source.path: ~ is not expanded; write the folder out, or use ${HOME}"]
    ),
    (
      base("  kind: sqlite\n  path: a\n  busy-timeout: 30"),
      [#"6:17: source.busy-timeout: "30" is not a span of time such as 90s, 15m, 24h or 7d"#]
    ),
    (
      base("  kind: sqlite\n  path: a\n  path: b"),
      ["6:3: source.path: the key stands here a second time; first at line 5"]
    ),
    (
      base("  kind: sqlite\n  'path': a\n  \"path\": b\n  x: 1\n  x: 2\ncomponent: z"),
      [
        "6:3: source.path: the key stands here a second time; first at line 5",
        "7:3: source.x: unknown key; valid here: kind, path, scratch, busy-timeout, stall-timeout, timeout",
        "8:3: source.x: the key stands here a second time; first at line 7",
        "8:3: source.x: unknown key; valid here: kind, path, scratch, busy-timeout, stall-timeout, timeout",
        "9:1: component: the key stands here a second time; first at line 1",
      ]
    ),
    (
      base("  kind: command\n  run: []"),
      ["5:8: source.run: a program and its arguments, or a line for /bin/sh is expected, this is an empty list"]
    ),
    (base("  kind: command\n  run: [a, [b]]"), ["5:12: source.run[1]: a text is expected, this is a list"]),
    (base("  kind: command\n  run: a ${NONE} b"), ["5:8: source.run: the environment has no variable NONE"]),
    (base("  kind: command\n  run: a ${B"), ["5:8: source.run: ${ without its closing }; write $${ for a literal ${"]),
    (base("  kind: command\n  run: a ${1}"), ["5:8: source.run: ${1} is neither ${NAME} nor ${NAME:-default}"]),
    (
      base("  kind: command\n  run: a\n  stream: a/b"),
      [#"6:11: source.stream: "a/b" is not a name of letters, digits, '.', '_' and '-'"#]
    ),
    (
      base("  kind: command\n  run: a\n  environment: {1A: b, B: {file: c, command: [d]}, C: {fil: e}}"),
      [
        "6:21: source.environment.1A: not the name of an environment variable",
        "6:27: source.environment.B: exactly one of file, command, environment or credential is expected",
        "6:55: source.environment.C: exactly one of file, command, environment or credential is expected",
        "6:56: source.environment.C.fil: unknown key; did you mean file?",
      ]
    ),
    (
      base("  kind: command\n  run: a\n  expected-size: 10"),
      [#"6:18: source.expected-size: "10" is not a size such as 256KiB, 16MiB or 1GB"#]
    ),
    (
      base("  kind: stdin\npassphrase: hunter2"),
      ["5:13: passphrase: {file: …}, {command: […]} or {credential: …} is expected, this is a single value"]
    ),
    (
      base("  kind: stdin\ntuning: {compression: 19, threads: x}"),
      [
        #"5:23: tuning.compression: "19" is not a whole number from 1 to 15"#,
        #"5:36: tuning.threads: "x" is not a whole number from 1 to 256"#,
      ]
    ),
    (
      base("  kind: stdin\nobjectives: {rto: soon, rop: 1h}"),
      [
        #"5:19: objectives.rto: "soon" is not a span of time such as 90s, 15m, 24h or 7d"#,
        "5:25: objectives.rop: unknown key; did you mean rpo?",
      ]
    ),
    (
      "component: Orders DB\nrepository: gs://bucket/x\nsource: {kind: stdin}\n",
      [
        #"1:12: component: "Orders DB" is not a name of 1 to 64 letters a-z, digits and -"#,
        "2:13: repository: gs:// is no kind of store; a folder or s3://bucket/prefix is expected",
      ]
    ),
    (
      "component: &x a\nrepository: *x\nsource: {kind: stdin}\n",
      [
        "1:12: component: anchors and aliases are not used in profiles; write the value out",
        "1:12: repository: anchors and aliases are not used in profiles; write the value out",
      ]
    ),
    (base("  kind: stdin\n? [a]\n: b"), ["5:3: a key must be a single word"]),
    (base("  kind: stdin\n---\na: b"), ["5:1: not valid YAML: but found another document"]),
  ]

  @Test("is told with file, line, column, key and what is valid", arguments: mistakes)
  func told(text: String, expected: [String]) {
    #expect(Samples.problems(text) == expected.map { "profiles/test.yaml:\($0)" })
  }

  @Test("is told with all the others, in the order of the file")
  func all() {
    let text = """
      componnt: x
      repository: [a]
      source:
        kind: command
        run: {a: b}
        markr: x
      tuning: {threads: 0}

      """
    #expect(
      Samples.problems(text) == [
        "profiles/test.yaml:1:1: component: missing; the component's name is expected",
        "profiles/test.yaml:1:1: componnt: unknown key; did you mean component?",
        "profiles/test.yaml:2:13: repository: a folder or s3://bucket/prefix is expected, this is a list",
        "profiles/test.yaml:5:8: source.run: a program and its arguments, or a line for /bin/sh is expected, this is a group of keys",
        "profiles/test.yaml:6:3: source.markr: unknown key; did you mean marker?",
        #"profiles/test.yaml:7:19: tuning.threads: "0" is not a whole number from 1 to 256"#,
      ])
  }

  @Test("that is not UTF-8 is told with its place")
  func notText() {
    var bytes = Array("component: a\nrepo: x".utf8)
    bytes.append(0xff)
    #expect(throws: (any Error).self) { try Profile.parse(bytes, file: "p") }
    do {
      _ = try Profile.parse(bytes, file: "p")
    } catch {
      #expect(error.what == "p:2:8: not UTF-8 text")
    }
  }

  @Test("that never ends, of brackets or of list marks, is refused before it is followed")
  func nesting() {
    let brackets = Samples.problems(String(repeating: "[", count: 50_000))
    #expect(brackets == ["profiles/test.yaml:1:1: more than 1000 brackets or nested marks; a profile needs far fewer"])
    #expect(Samples.problems(String(repeating: "- ", count: 50_000)) == brackets)
    #expect(Samples.problems(String(repeating: "? ", count: 50_000)) == brackets)
    #expect(!Samples.problems(String(repeating: "[", count: 900)).isEmpty)
    #expect(!Samples.problems(String(repeating: "- ", count: 900)).isEmpty)
  }
}
