/// What the commands of a kit are made from.
struct KitCommands {
  let component: String
  let place: KitPlace
  let copies: [KitPlace]
  /// The key file as the person will have it.
  let key: String
  /// The SHA-256 of the reader that the key file pins, and of the lifeboat that made the page.
  let reader: String
  let program: String
  let contents: KitContents

  /// Both ways, the quicker one first.
  var ways: [KitWay] { [way(.lifeboat), way(.reader)] }

  private var engine: any KitEngine {
    switch contents.layout {
    case "postgresql": PostgreSQLKit(contents: contents)
    case "mariadb": MariaDBKit(contents: contents)
    case "redis": RedisKit()
    case "sqlite": SQLiteKit()
    default: FilesKit()
    }
  }

  private func way(_ tool: KitWay.Tool) -> KitWay {
    let engine = engine
    let steps = opening(tool) + engine.steps(tool, restore: tool == .lifeboat ? byLifeboat : byReader)
    return KitWay(
      tool: tool, packages: packages(tool) + engine.packages, variables: variables(tool) + engine.variables,
      steps: steps, result: engine.result)
  }

  // MARK: - Variables

  private func variables(_ tool: KitWay.Tool) -> [KitVariable] {
    var variables = [
      KitVariable("KEY", .text(key), "the key file of a restorer"),
      KitVariable("REPO", .text(place.location), "the repository"),
      KitVariable(
        "WORK", .text("/var/tmp/\(component)"), "a folder of this recovery's own, with room for the dump twice"),
    ]
    if tool == .lifeboat {
      variables.append(KitVariable("LIFEBOAT", .text("/usr/local/bin/lifeboat"), "the program"))
      variables.append(KitVariable("LIFEBOAT_STATE", .words("$WORK/state"), "what it remembers: nothing of this host"))
    }
    for (number, copy) in numbered(tool) {
      variables.append(KitVariable("COPY_\(number)", .text(copy.location), "a copy of the repository"))
    }
    if let endpoint = place.endpoint {
      variables.append(KitVariable("AWS_ENDPOINT_URL_S3", .text(endpoint), "the store"))
    }
    if let region = place.region { variables.append(KitVariable("AWS_REGION", .text(region), "its region")) }
    if let file = place.certificates {
      variables.append(KitVariable("AWS_CA_BUNDLE", .text(file), "the certificates that it is trusted by"))
    }
    if let profile = place.awsProfile {
      variables.append(KitVariable("AWS_PROFILE", .text(profile), "whose credentials are used"))
    }
    return variables
  }

  /// The copies that the tool can ask by itself: the reader reads folders.
  private func numbered(_ tool: KitWay.Tool) -> [(number: Int, copy: KitPlace)] {
    copies.enumerated().map { ($0.offset + 1, $0.element) }.filter { tool == .lifeboat || !$0.copy.isBucket }
  }

  private func packages(_ tool: KitWay.Tool) -> [String] {
    switch tool {
    case .lifeboat: ["libcurl4", "libsodium23", "libstdc++6", "libzstd1"] + (place.isBucket ? ["ca-certificates"] : [])
    case .reader:
      ["python3", "python3-nacl", "python3-zstandard"] + (place.isBucket ? ["rclone", "ca-certificates"] : [])
    }
  }

  // MARK: - Steps

  private func opening(_ tool: KitWay.Tool) -> [KitStep] {
    switch tool {
    case .lifeboat:
      [
        KitStep("the program is the right one", #"echo "\#(program)  $LIFEBOAT" | sha256sum -c -"#),
        KitStep("the folder is made", "install -d -m 711 \"$WORK\"\n" + profile),
      ]
    case .reader:
      [KitStep("the reader is there, and is the right one", fetchedReader)]
        + (place.isBucket ? [KitStep("the repository is fetched", fetched)] : [])
    }
  }

  /// The beginning of a command line of `rclone`, which takes credentials from where the AWS tools do. It does not
  /// understand their variable for certificates.
  private func rclone(_ verb: String) -> String {
    let program = place.certificates == nil ? "rclone" : "env -u AWS_CA_BUNDLE rclone"
    let isAmazon = place.endpoint?.hasSuffix(".amazonaws.com") ?? false
    var words = "--s3-provider \(isAmazon ? "AWS" : "Other") --s3-env-auth"
    words += #" --s3-endpoint "$AWS_ENDPOINT_URL_S3" --s3-region "$AWS_REGION""#
    if let isPathStyle = place.isPathStyle { words += " --s3-force-path-style=\(isPathStyle)" }
    if place.certificates != nil { words += #" --ca-cert "$AWS_CA_BUNDLE""# }
    return "\(program) \(verb) \(words)"
  }

  private var fetchedReader: String {
    let path = "rescue/\(reader)/rescue.py"
    let fetch =
      place.isBucket
      ? #"\#(rclone("copyto -q")) ":s3:${REPO#s3://}/\#(path)" "$WORK/rescue.py""#
      : #"install -m 600 "$REPO/\#(path)" "$WORK/rescue.py""#
    return """
      install -d -m 711 "$WORK"
      \(fetch)
      echo "\(reader)  $WORK/rescue.py" | sha256sum -c -
      """
  }

  private var fetched: String {
    #"\#(rclone("copy -q --transfers 16")) ":s3:${REPO#s3://}" "$WORK/repository""#
  }

  /// The file that says where everything is; lifeboat puts the variables in.
  private var profile: String {
    var lines = [
      "component: \(component)", #"repository: "${REPO}""#, #"keys: {restorer: "${KEY}"}"#, "source: {kind: stdin}",
    ]
    if let store = place.yaml(isWhole: false) { lines.append("store: \(store)") }
    let copies = numbered(.lifeboat)
    if !copies.isEmpty { lines.append("copies:") }
    for (number, copy) in copies {
      let store = copy.yaml(isWhole: true).map { ", store: \($0)" } ?? ""
      lines.append("  - {location: \"${COPY_\(number)}\"\(store)}")
    }
    if let target = engine.target { lines += ["targets:", "  fresh: \(target)"] }
    return #"cat >"$WORK/\#(component).yaml" <<'END'"# + "\n" + lines.joined(separator: "\n") + "\nEND"
  }

  /// The command line that restores with lifeboat; its options follow.
  private func byLifeboat(_ options: String) -> String {
    #""$LIFEBOAT" restore "$WORK/\#(component).yaml" \#(options)"#
  }

  /// The same with the reader.
  private func byReader(_ options: String) -> String {
    let store = place.isBucket ? "$WORK/repository" : "$REPO"
    let copies = numbered(.reader).map { #" --copy "$COPY_\#($0.number)""# }.joined()
    return """
      /usr/bin/python3 "$WORK/rescue.py" restore --store "\(store)"\(copies) --key "$KEY" \\
        --component \(component) \(options)
      """
  }
}

/// What the kit of one engine's dumps adds.
protocol KitEngine {
  /// Debian packages of the database itself.
  var packages: [String] { get }
  var variables: [KitVariable] { get }
  var result: KitWay.Result { get }
  /// The server that lifeboat loads, as a target in a profile; nil where it only restores files.
  var target: String? { get }

  /// The steps from the repository to an answer.
  ///
  /// - Parameter restore: the command line of the tool with these options
  func steps(_ tool: KitWay.Tool, restore: (String) -> String) -> [KitStep]
}

extension KitEngine {
  var variables: [KitVariable] { [] }
  var target: String? { nil }

  /// Variables for a server that runs as an account of its own.
  func account(_ name: String) -> [KitVariable] {
    [
      KitVariable("ACCOUNT", .text(name), "the account that the server runs as; not as root: your own"),
      KitVariable("AS", .words("runuser -u $ACCOUNT --"), "how to become it; not as root: empty"),
    ]
  }

  /// Folders that belong to the account.
  var folders: String { #"install -d -m 700 -o "$ACCOUNT" "$WORK/server" "$WORK/socket""# }

  /// The step in which the tool writes the dump into a folder.
  func dumped(_ tool: KitWay.Tool, _ restore: (String) -> String) -> KitStep {
    KitStep(
      "the dump is restored with \(tool == .lifeboat ? "lifeboat" : "rescue.py")", restore(#"--to "$WORK/dump""#),
      reads: true)
  }
}
