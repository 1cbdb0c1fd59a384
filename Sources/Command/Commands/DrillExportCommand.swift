import ArgumentParser
import Bytes
import Cryptography
import Drills
import Engine
import Format
import Glibc
import Pipeline
import Profiles
import Repository

/// `lifeboat drill export`: the ledger for those who have no key: to verify it, to show it, to read it.
///
/// JSON: one `export` with `path` (null for standard output), `format`, `records`, `heads`, `signature` (the path of the
/// signature, or null), `minisign` (the public key that verifies it, or null).
struct DrillExportCommand: LifeboatCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Export records: to verify them elsewhere, for a CI server, or as a page.",
    discussion: """
      Format json has all records with what verifies them, so that lifeboat drill verify --export needs nothing else; it \
      always holds the whole chain, of all components. Format junit is XML as CI servers read it. Format html is one page \
      with timelines, trends and figures, which loads nothing. Needs a keeper or restorer key; to sign, a restorer's.
      """)

  @Argument(help: "Only the records of this component.")
  var component: String?

  @Option(help: "json, junit or html.")
  var format = Form.json.rawValue

  @Option(help: "The file, or the folder for it; - for standard output.", completion: .file())
  var to = "-"

  @Flag(help: "Put a signature beside the file, FILE.minisig, that minisign -V verifies.")
  var sign = false

  @OptionGroup var repository: RepositoryOptions
  @OptionGroup var copies: CopyOptions
  @OptionGroup var output: OutputOptions

  enum Form: String {
    case json
    case junit
    case html

    var fileName: String {
      switch self {
      case .json: "lifeboat-ledger.json"
      case .junit: "lifeboat-drills.xml"
      case .html: "lifeboat-drills.html"
      }
    }
  }

  var sendsDataToOutput: Bool { to == "-" }

  /// What was made of a ledger.
  private struct Made {
    let verification: LedgerVerification
    let bytes: [UInt8]
    let key: MinisignKey?
  }

  func run(in context: RunContext) throws(Failure) {
    guard let form = Form(rawValue: format) else {
      throw Failure(.usage, "\(format) is no format", at: "--format", next: "Choose json, junit or html.")
    }
    guard !sign || to != "-" else {
      throw Failure(
        .usage, "a signature lies beside a file, and standard output has no place beside it", at: "--sign",
        next: "Give a file with --to.")
    }
    let named = try NamedComponent(component)
    let address = try repository.address(
      in: context, for: sign ? [.restorer] : [.keeper, .restorer], hints: named.hints
    ).asking(copies)
    let now = WallClock.now()
    let made = try address.withReadOnlyRepository(in: context) { (repository) throws(Failure) in
      try make(form, of: named.name, try MetaAccess(repository, to: "export records"), now)
    }
    if form == .json, let name = named.name {
      context.note("the chain of records is one for all components: the export holds more than \(name)")
    }
    let path = try write(made, form, now, in: context)
    say(made, path, in: context)
    try report(made.verification, in: context)
  }

  private func make(
    _ form: Form, of component: String?, _ access: MetaAccess, _ now: UInt64
  ) throws(Failure) -> Made {
    let verification = try LedgerVerification.verify(access, now: now)
    let signing = access.repository.key.signing
    if sign, !access.repository.authority.statement.isRestorer(signing.publicKey) {
      throw access.repository.wrongRole(to: "sign exports", needs: [.restorer])
    }
    let evidence = sign ? LedgerFile.Evidence(signing) : nil
    let bytes: [UInt8]
    switch form {
    case .json:
      bytes = try LedgerExport.file(verification, access, evidence: evidence, tool: Release.tool, now: now).bytes
    case .junit:
      bytes = Array(
        JUnitReport(verification.entries.filter { component == nil || $0.record.component == component }).text.utf8)
    case .html:
      bytes = Array(
        LedgerPage(verification, component: component, evidence: evidence, tool: Release.tool, now: now).text.utf8)
    }
    return Made(
      verification: verification, bytes: bytes, key: sign ? MinisignKey(derivedFrom: signing) : nil)
  }

  // MARK: - Output

  /// Writes the file, its signature first: a file without its signature is never there. Nil for standard output.
  private func write(_ made: Made, _ form: Form, _ now: UInt64, in context: RunContext) throws(Failure) -> String? {
    if to == "-" {
      context.streams.output.write(String(decoding: made.bytes, as: UTF8.self))
      if let broken = context.streams.output.failure { throw broken }
      return nil
    }
    var status = stat()
    let isFolder = stat(to, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    let path = isFolder ? "\(to)/\(form.fileName)" : to
    if let key = made.key {
      let heads = made.verification.heads
      let more = heads.count > 50 ? " and \(heads.count - 50) more" : ""
      let comment =
        "lifeboat \(form.rawValue) of repository \(made.verification.repository.hex) at \(Moment(seconds: Int64(now / 1_000_000_000)).text), heads \(heads.prefix(50).map(\.hex).joined(separator: " "))\(more)"
      try replace("\(path).minisig", Array(key.sign(made.bytes, trusted: comment).utf8))
    }
    try replace(path, made.bytes)
    return path
  }

  private func replace(_ path: String, _ bytes: [UInt8]) throws(Failure) {
    do throws(SystemError) {
      try bytes.withUnsafeBufferPointer { (bytes) throws(SystemError) in
        try DurableFile.replace(path, UnsafeRawBufferPointer(bytes), mode: 0o666)
      }
    } catch {
      throw error.failure(.targetRefused, "the export cannot be written", next: "Give another place with --to.")
    }
  }

  private func say(_ made: Made, _ path: String?, in context: RunContext) {
    let verification = made.verification
    let minisign = made.key?.publicKey.text
    var lines = path.map { ["\($0): \(verification.entries.count) records"] } ?? []
    lines += verification.heads.map { "  head \($0.hex)" }
    if let path, let minisign {
      lines.append("  signed: minisign -V -P \(minisign) -m \(path)")
    }
    context.say(
      Statement(
        "export",
        [
          ("path", path.map { .text($0) } ?? .nothing), ("format", .text(format)),
          ("records", .count(UInt64(verification.entries.count))),
          ("heads", .list(verification.heads.map { .text($0.hex) })),
          ("signature", minisign == nil ? .nothing : path.map { .text("\($0).minisig") } ?? .nothing),
          ("minisign", minisign.map { .text($0) } ?? .nothing),
        ], lines))
  }

  /// The export of a broken ledger is written, and says so; nobody shall take it for a good one.
  private func report(_ verification: LedgerVerification, in context: RunContext) throws(Failure) {
    for problem in verification.problems { context.warn(problem.what) }
    guard verification.isBroken, let first = verification.problems.first(where: { $0.severity == .damage }) else {
      return
    }
    throw Failure(
      .damaged, "what was exported is the ledger as it is, and it is broken: \(first.what)",
      at: first.record.map { ObjectPath.record($0).path } ?? "", next: "See lifeboat drill verify.")
  }
}
