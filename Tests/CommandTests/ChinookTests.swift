import TestKit
import Testing

@Suite("Chinook, a real database, under a busy writer")
struct ChinookTests {
  private static let writer = """
    while :; do
      sqlite3 -cmd '.timeout 9000' "$DATABASE" \
        "BEGIN IMMEDIATE; INSERT INTO Genre(Name) VALUES (hex(randomblob(40)));
         UPDATE Invoice SET Total = Total + 1 WHERE InvoiceId % 7 = 0; COMMIT;" && echo >>"$DATABASE.commits"
    done & writer=$!
    trap 'kill -9 $writer; wait' EXIT
    while [ "$(wc -l 2>/dev/null <"$DATABASE.commits" || echo 0)" -lt 3 ]; do sleep 0.05; done
    "$@"; status=$?
    exit $status
    """

  @Test("is backed up, restored, sound, and equal to its manifest", arguments: ["delete", "wal"])
  func busy(_ mode: String) throws {
    guard let chinook = try SharedData.folder(named: "chinook") else { return }
    let scene = try Scene(["--component", "chinook"])
    let database = scene.folder.path("chinook.db")
    try Files.write(database, try Files.read("\(chinook)/Chinook_Sqlite.sqlite"))
    #expect(try Program.run(["sqlite3", database, "PRAGMA journal_mode=\(mode)"]).text == "\(mode)\n")
    for _ in 1...3 { try backUpWhileItIsWrittenTo(database, scene) }
    try Files.write(scene.folder.path("chinook-lost.yaml"), drill(scene).utf8)
    let drill = try scene.run(["drill", "chinook-lost.yaml", "--json"])
    #expect(drill.status == 0, "\(drill.errors)\(drill.text)")
    let record = try #require(try Object.lines(drill.text).first { $0["type"] == "drill" })
    #expect(record["verdict"] == "proven")
    #expect(try scene.complaints().isEmpty)
  }

  private func backUpWhileItIsWrittenTo(_ database: String, _ scene: Scene) throws {
    let backup = try Program.run(
      [
        "/bin/bash", "-c", ChinookTests.writer, "-", Product.path, "backup", "--component", "chinook", "--sqlite",
        database,
      ]
        + ["--repository", scene.repository, "--key", scene.key("writer")],
      environment: scene.variables(["PATH": "/usr/bin:/bin", "LIFEBOAT_STATE": scene.state, "DATABASE": database]))
    #expect(backup.status == 0, "\(backup.errors)")
  }

  private func drill(_ scene: Scene) -> String {
    """
    drill: chinook-lost
    component: chinook
    repository: \(scene.repository)
    keys: {restorer: \(scene.key("restorer"))}
    checks:
      - integrity
      - manifest
      - sql: {name: tracks, query: SELECT count(*) FROM Track, expect: "3503"}
    """
  }
}
