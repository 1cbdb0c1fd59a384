import Drills
import TestKit
import Testing

@Suite("The values of a rescue kit")
struct KitValueTests {
  @Test(
    "a quoted word means exactly its characters to a shell",
    arguments: [
      "plain", "", "with space", "it's", "\"double\"", "$HOME `id` $(id)", "back\\slash", "-n", "a\nb", "*", "#x", "~",
      "é ü 漢", "''", "a=b;c&d|e<f>g(h)",
    ])
  func quoting(_ text: String) throws {
    let line = KitVariable("NAME", .text(text), "").line
    let answer = try Program.run(["/bin/sh", "-eu", "-c", "\(line)\nprintf '%s' \"$NAME\""])
    #expect(answer.text == text)
    #expect(try Program.run(["/bin/sh", "-c", "printf %s \(ShellText.quoted(text))"]).text == text)
  }

  @Test("variables that lean on others are made in the order of the page")
  func words() throws {
    let way = KitWay(
      tool: .lifeboat, packages: [],
      variables: [KitVariable("WORK", .text("/a b"), ""), KitVariable("SOCKET", .words("$WORK/socket"), "")],
      steps: [KitStep("it is said", "echo \"$SOCKET\"")], result: .folder)
    let script = way.script(of: way.steps[0], setting: ["WORK": .text("/it's")])
    #expect(try Program.run(["/bin/sh", "-eu", "-c", script]).text == "/it's/socket\n")
    #expect(script.hasSuffix(way.steps[0].command))
  }
}
