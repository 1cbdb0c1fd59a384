import Bytes
import Cryptography
import Databases
import Engine
import Format
import Glibc
import Pipeline
import Profiles

/// Where the commands of a kit are run: a private folder with the kit in it, seen from this host and from the system in
/// which the commands run.
final class KitScratch {
  /// A socket's path may have 107 bytes.
  private static let longestSocket = 107

  private let job: KitJob
  private let folder: DrillFolder
  /// The root without a slash at its end; empty for this host's own.
  private let root: String
  /// The folder with the key; in memory where that can be had.
  private let keyFolder: String
  private let redaction: Redaction
  /// What is made visible in the root: from where, and where to.
  private var mounts: [(from: String, to: String)] = []
  private(set) var values: [String: KitVariable.Value] = [:]
  private(set) var environment: [String: String]
  /// Short ways to sockets whose paths are too long.
  private var links: [String] = []

  init(_ job: KitJob, stop: StopSignal) throws(Failure) {
    self.job = job
    root = try job.root.map { (root) throws(Failure) in try KitScratch.root(root) } ?? ""
    let parent = job.root == nil ? job.folder : "\(root)\(job.folder ?? "/var/tmp")"
    // The dump and the server that is loaded with it.
    folder = try DrillFolder(in: parent, needing: 2 * job.kit.contents.bytes)
    let isShared = job.root == nil && access("/dev/shm", W_OK | X_OK) == 0
    keyFolder = isShared ? "/dev/shm/lifeboat-kit-\(Identifier.random().hex)" : "\(folder.path)/kit"
    redaction = Redaction(secrets: job.credentials.values.map { Array($0.utf8) } + KitScratch.secrets(of: job.key))
    environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
    do throws(SystemError) {
      try prepare()
    } catch {
      removeKit()
      throw error.failure(.targetRefused, "the kit can't be laid out", next: "Name a folder with room for it.")
    }
    let inside = inside(folder.path)
    environment["HOME"] = "\(inside)/home"
    environment.merge(job.credentials.filter { RecoveryKit.credentialVariables.contains($0.key) }) { $1 }
    fill(inside)
    try KitGuard.start(folder.path, also: keyFolder, timeToLive: job.timeToLive, stop: stop)
  }

  deinit {
    removeKit()
    removeLinks()
  }

  // MARK: - What is brought

  private func prepare() throws(SystemError) {
    let path = folder.path
    // A server's account passes through.
    _ = try retrying("chmod", path) { chmod(path, 0o711) }
    for place in Set(["\(path)/home", "\(path)/kit", keyFolder]) {
      _ = try retrying("mkdir", place) { mkdir(place, 0o700) }
    }
    var text = job.key.text
    defer { Sodium.wipe(&text) }
    let isNew = try KitScratch.write(text, to: "\(keyFolder)/restorer.key")
    guard isNew else { throw SystemError(call: "open", subject: keyFolder, number: EEXIST) }
    try shortenSocket()
    guard !root.isEmpty else { return }
    if job.tool == .lifeboat { try KitScratch.copy(job.program, to: "\(path)/kit/lifeboat", mode: 0o700) }
    if let file = job.kit.primary.certificates { try KitScratch.copy(file, to: "\(path)/kit/ca.pem", mode: 0o600) }
    let places = [("REPO", job.kit.primary)] + job.kit.copies.enumerated().map { ("COPY_\($0.offset + 1)", $0.element) }
    for (name, place) in places where !place.isBucket {
      let target = "\(path)/\(name)"
      _ = try retrying("mkdir", target) { mkdir(target, 0o700) }
      mounts.append((place.location, target))
      values[name] = .text(inside(target))
    }
  }

  /// The values of variables that are other ones here than on the page.
  private func fill(_ inside: String) {
    values["WORK"] = .text(inside)
    values["KEY"] = .text(self.inside("\(keyFolder)/restorer.key"))
    values["LIFEBOAT"] = .text(root.isEmpty ? job.program : "\(inside)/kit/lifeboat")
    if !root.isEmpty, job.kit.primary.certificates != nil { values["AWS_CA_BUNDLE"] = .text("\(inside)/kit/ca.pem") }
    if let programs = job.programs { values["PGBIN"] = .text(programs) }
    guard job.way.variables.contains(where: { $0.name == "ACCOUNT" }) else { return }
    if geteuid() == 0 {
      values["ACCOUNT"] = .text(job.account ?? account())
    } else {
      values["ACCOUNT"] = .text("\(geteuid())")
      values["AS"] = .words("")
    }
  }

  /// The account of the page where the system has it, for no server runs as root.
  private func account() -> String {
    var wanted = "nobody"
    for case let variable in job.way.variables where variable.name == "ACCOUNT" {
      if case .text(let name) = variable.value { wanted = name }
    }
    let list = (try? DurableFile.read("\(root)/etc/passwd", limit: 1 << 20)) ?? []
    let names = list.split(separator: UInt8(ascii: "\n")).map { $0.prefix { $0 != UInt8(ascii: ":") } }
    return names.contains { $0.elementsEqual(wanted.utf8) } ? wanted : "nobody"
  }

  /// Takes the key and what was brought with it away.
  func removeKit() {
    try? FileTree.remove(keyFolder)
    try? FileTree.remove("\(folder.path)/kit")
  }

  // MARK: - Inside and outside

  private static func root(_ path: String) throws(Failure) -> String {
    guard geteuid() == 0 else {
      throw Failure(
        .targetRefused, "only root can run commands in another system", at: path,
        next: "Run the drill as root, or leave the root out.")
    }
    guard let raw = realpath(path, nil) else {
      throw SystemError(call: "realpath", subject: path, number: errno)
        .failure(
          .targetRefused, "there is no system to run the commands in", next: "Name a folder with a whole system.")
    }
    defer { free(raw) }
    let root = String(cString: raw)
    guard root != "/", access("\(root)/bin/sh", X_OK) == 0 else {
      throw Failure(
        .targetRefused, "this is no folder with a system of its own: it has no /bin/sh", at: path,
        next: "Make one, by debootstrap for example.")
    }
    return root
  }

  /// A path of this host as the commands see it.
  private func inside(_ path: String) -> String { String(path.dropFirst(root.utf8.count)) }

  /// The command line that runs these words in the root. What is mounted for it is seen by it alone, and goes with it.
  func entering(_ words: [String]) -> [String] {
    guard !root.isEmpty else { return words }
    let script = """
      root=$1
      shift
      mount -t proc proc "$root/proc"
      mount --rbind /dev "$root/dev"
      while [ "$1" != -- ]; do
        mount --bind -o ro "$1" "$2"
        shift 2
      done
      shift
      exec chroot "$root" "$@"
      """
    return ["unshare", "--mount", "--propagation", "private", "--", "/bin/sh", "-eu", "-c", script, "sh", root]
      + mounts.flatMap { [$0.from, $0.to] } + ["--"] + words
  }

  // MARK: - What came of it

  func place(of result: KitWay.Result) throws(Failure) -> KitRestored.Place {
    guard case .server(let name) = result, let kind = ServerKind(rawValue: name) else {
      return .folder("\(folder.path)/dump")
    }
    let socket = try short("\(folder.path)/socket")
    switch kind {
    case .postgresql:
      let tools = ToolSettings(folder: root.isEmpty ? job.programs : nil)
      return .server(kind, ServerSettings(port: 5432, socket: socket, user: "postgres", tools: tools))
    case .mariadb: return .server(kind, ServerSettings(socket: "\(socket)/server", user: "root"))
    case .redis: return .server(kind, ServerSettings(socket: "\(socket)/server"))
    }
  }

  /// The folder of the sockets by a path that this host can connect to.
  private func short(_ path: String) throws(Failure) -> String {
    guard KitScratch.isTooLong(path) else { return path }
    do throws(SystemError) {
      return try link("/tmp", to: path)
    } catch {
      throw error.failure(
        .targetRefused, "the server's socket has too long a path", next: "Use a folder with a shorter path.")
    }
  }

  /// The same for the server itself: where the page's path is too long it gets another.
  private func shortenSocket() throws(SystemError) {
    let path = "\(inside(folder.path))/socket"
    guard KitScratch.isTooLong(path) else { return }
    let short = inside(try link("\(root)/tmp", to: path))
    values["PGHOST"] = .text(short)
    values["SOCKET"] = .text("\(short)/server")
  }

  private func link(_ folder: String, to path: String) throws(SystemError) -> String {
    let link = "\(folder)/lifeboat-kit-\(Identifier.random().hex)"
    _ = try retrying("symlink", link) { symlink(path, link) }
    links.append(link)
    return link
  }

  private static func isTooLong(_ folder: String) -> Bool {
    folder.utf8.count + "/.s.PGSQL.5432".utf8.count > KitScratch.longestSocket
  }

  private func removeLinks() {
    for link in links { unlink(link) }
    links = []
  }

  /// The end of what a server that did not start has to say.
  var serverLog: String {
    let bytes = (try? DurableFile.read("\(folder.path)/server/log", limit: 1 << 20)) ?? []
    return String(decoding: bytes.suffix(2048), as: UTF8.self)
  }

  /// What programs printed, without secrets.
  func clean(_ text: String) -> String { redaction.clean(text) }

  // MARK: - The end

  /// Drawn for this run; whatever the commands started names it.
  private var name: String { folder.path.split(separator: "/").last.map(String.init) ?? folder.path }

  func destroy() throws(Failure) -> String {
    try KitProcesses.end(naming: name)
    removeKit()
    removeLinks()
    try folder.remove()
    var status = stat()
    guard lstat(keyFolder, &status) != 0 else {
      throw Failure(.targetRefused, "the key file of the kit could not be removed", at: keyFolder, next: "Remove it.")
    }
    return "process gone, socket gone, folder gone, key file gone"
  }

  func keep() throws(Failure) -> String {
    try KitProcesses.end(naming: name)
    removeKit()
    removeLinks()
    return try folder.keep()
  }

  // MARK: - Files

  private static func write(_ bytes: [UInt8], to path: String) throws(SystemError) -> Bool {
    let outcome = bytes.withUnsafeBytes { bytes in
      Result { () throws(SystemError) in try DurableFile.create(path, bytes, mode: 0o600) }
    }
    return try outcome.get()
  }

  /// Copies a file; inside of the kernel, where that can be had.
  private static func copy(_ from: String, to: String, mode: mode_t) throws(SystemError) {
    let source = try Descriptor.open(from, O_RDONLY)
    let target = try Descriptor.open(to, O_WRONLY | O_CREAT | O_EXCL, mode: UInt32(mode))
    let (input, output) = (source.number, target.number)
    var count = 1
    while count > 0 { count = try retrying("sendfile", to) { sendfile(output, input, nil, 1 << 30) } }
    _ = (source.number, target.number)
  }

  /// What must appear nowhere.
  private static func secrets(of key: KeyFile) -> [[UInt8]] {
    String(decoding: key.text, as: UTF8.self).split(separator: "\"").filter { $0.hasPrefix("AGE-SECRET-KEY-") }
      .map { Array($0.utf8) }
  }
}
