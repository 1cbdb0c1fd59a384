import ArgumentParser
import Bytes
import Engine
import Store

/// Which copies of a repository are asked for what is missing or damaged.
struct CopyOptions: ParsableArguments {
  @Option(
    name: .customLong("copy"),
    help: """
      A copy of the repository, for objects that are missing or damaged; may be repeated. Default: the copies that the \
      component's profile names.
      """, completion: .directory)
  var copies: [String] = []
}

extension RepositoryAddress {
  /// The same with the copies of a command line, if it names any. What a profile says of the way to one of them counts.
  func asking(_ options: CopyOptions) throws(Failure) -> RepositoryAddress {
    guard !options.copies.isEmpty else { return self }
    var named: [StoreAddress] = []
    for text in options.copies {
      let location = try StoreLocation(text)
      named.append(copies.first { $0.location.isSame(as: location) } ?? StoreAddress(location))
    }
    return RepositoryAddress(store: store, copies: named, keyPath: keyPath, passphrase: passphrase)
  }
}
