import Bytes
import Glibc
import TestKit
import Testing

@Suite("At a terminal")
struct TerminalTests {
  @Test("a new passphrase is asked for twice, a passphrase up to three times, and never shown")
  func passphrase() throws {
    let scene = try Scene()
    let setting = try Running(scene, ["key", "protect", scene.key("keeper")], onTerminal: true)
    #expect(setting.screen(until: "key files: ").contains("New passphrase"))
    setting.type("open sesame")
    #expect(!setting.screen(until: "again: ").contains("sesame"))
    setting.type("open sesame")
    #expect(setting.screen().contains("protected by a passphrase"))
    #expect(setting.wait() == 0)
    let reading = try Running(
      scene, ["snapshots", "--repository", scene.repository, "--key", scene.key("keeper")], onTerminal: true)
    for word in ["wrong", "open sesame"] {
      #expect(reading.screen(until: "keeper.key: ").contains("Passphrase for "))
      reading.type(word)
    }
    #expect(!reading.screen().contains("sesame"))
    #expect(reading.wait() == 0)
  }

  @Test("two passphrases that differ protect nothing")
  func differ() throws {
    let scene = try Scene()
    let before = try Files.read(scene.key("keeper"))
    let setting = try Running(scene, ["key", "protect", scene.key("keeper")], onTerminal: true)
    for (prompt, word) in [("key files: ", "one"), ("again: ", "two")] {
      _ = setting.screen(until: prompt)
      setting.type(word)
    }
    #expect(setting.screen().contains("the two passphrases differ"))
    #expect(setting.wait() == 2)
    #expect(try Files.read(scene.key("keeper")) == before)
  }

  @Test("an interrupted prompt ends with 7")
  func interrupted() throws {
    let scene = try Scene()
    let setting = try Running(scene, ["key", "protect", scene.key("keeper")], onTerminal: true)
    _ = setting.screen(until: "key files: ")
    setting.signal(SIGINT)
    #expect(setting.wait() == 7)
  }

  @Test("a dump is not written to a terminal unless forced")
  func dump() throws {
    let scene = try Scene()
    try scene.backUp(Array("some bytes".utf8))
    let place = ["--repository", scene.repository, "--key", scene.key("restorer")]
    let refused = try Running(scene, ["dump", "latest"] + place, onTerminal: true)
    #expect(!refused.screen().contains("some bytes"))
    #expect(refused.wait() == 2)
    let forced = try Running(scene, ["dump", "latest", "--force"] + place, onTerminal: true)
    #expect(forced.screen().contains("some bytes"))
    #expect(forced.wait() == 0)
  }

  @Test("progress is shown on a line of its own that is gone in the end")
  func progress() throws {
    let scene = try Scene()
    let backup = try Running(
      scene,
      [
        "backup", "--component", "orders", "--repository", scene.repository, "--key", scene.key("writer"),
        "--expected-size", "10MB", "--", "/bin/sh", "-c",
        "head -c 1000000 /dev/zero; sleep 1; head -c 9000000 /dev/zero",
      ], environment: ["LIFEBOAT_PROGRESS_INTERVAL": "0.05", "TERM": "xterm"], onTerminal: true)
    let screen = backup.screen()
    #expect(backup.wait() == 0)
    #expect(screen.contains("\rorders dump: 977 KiB of 9.54 MiB, "), "\(screen.debugDescription)")
    #expect(screen.contains("\r\u{1b}[Korders: complete, 9.54 MiB in "), "\(screen.debugDescription)")
  }
}
