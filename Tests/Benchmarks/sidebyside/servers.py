"""Private database servers: in a temporary folder, on a socket of their own, without a network, gone afterwards."""
import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

from .processes import Problem, end_group, output, quiet

START_SECONDS = 120
"""How long a server may take until it answers."""


class Server:
    """A server process and its folders; a context manager that stops it by its id and removes the folders.

    Runs as `nobody` when this is root, for servers refuse to be root. It dies with this program.
    """

    stop_signal = signal.SIGTERM

    def __init__(self, scratch):
        self.scratch = scratch
        self.process = None
        self.folders = []

    def __enter__(self):
        try:
            self.data = self.folder(self.scratch)
            # The path of a socket has at most 107 bytes, so it can't lie where somebody keeps large files.
            self.socket = self.folder("/tmp")
            self.create()
            self.process = subprocess.Popen(
                self.account(f"--pdeathsig={self.stop_signal.name[3:]}") + self.command(),
                stdin=subprocess.DEVNULL, stdout=self.log(), stderr=subprocess.STDOUT, start_new_session=True,
                cwd=self.data, env=self.environment())
            self.wait_until_ready()
            self.prepare()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                end_group(self.process)
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)

    def folder(self, parent):
        """A new folder that only the server's account and root can read."""
        path = tempfile.mkdtemp(prefix="lifeboat-server.", dir=parent)
        self.folders.append(path)
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
            reached = subprocess.run(
                [*self.account(), "test", "-w", path], check=False, stderr=subprocess.DEVNULL).returncode == 0
            if not reached:
                raise Problem(f"the account nobody, which runs the database servers, cannot reach {parent}")
        return path

    def account(self, *options):
        """The beginning of a command that the server's account shall run."""
        if os.geteuid() == 0:
            options += ("--reuid=nobody", "--regid=nogroup", "--clear-groups")
        return ["setpriv", *options, "--"] if options else []

    def environment(self):
        """This program's environment without what would lead a client or server elsewhere."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "MYSQL", "MARIADB"))}
        return dict(kept, LC_ALL="C.UTF-8", HOME=self.data)

    def log(self):
        return open(os.path.join(self.data, "server.log"), "ab")

    def log_text(self):
        with open(os.path.join(self.data, "server.log"), encoding="utf-8", errors="replace") as file:
            return file.read()[-2000:]

    def wait_until_ready(self):
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Problem(f"{self.command()[0]} does not answer:\n{self.log_text()}")
            time.sleep(0.1)

    def feed(self, command, lines):
        """Writes lines of SQL into a client and waits for its end."""
        with tempfile.TemporaryFile() as errors:
            client = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors, env=self.environment(),
                text=True, encoding="utf-8", start_new_session=True)
            try:
                with client.stdin as target:
                    target.writelines(lines)
            except BrokenPipeError:
                pass  # the client's own words say why
            except BaseException:
                end_group(client)
                raise
            if client.wait() != 0:
                errors.seek(0)
                raise Problem(f"{command[0]} refused the data:\n{errors.read().decode(errors='replace')[-2000:]}")


class PostgreSQL(Server):
    """A PostgreSQL cluster. `settings` are lines for postgresql.conf."""

    stop_signal = signal.SIGINT

    def __init__(self, scratch, database, settings=()):
        super().__init__(scratch)
        self.database = database
        self.settings = (
            "listen_addresses=''", "shared_buffers=512MB", "max_wal_size=2GB", "timezone=UTC",
            # Nothing here has to survive a crash.
            "fsync=off", "synchronous_commit=off", "full_page_writes=off", *settings)
        found = glob.glob("/usr/lib/postgresql/*/bin/initdb")
        if not found:
            raise Problem("there is no PostgreSQL server: install the Debian package postgresql")
        self.programs = os.path.dirname(max(found, key=lambda path: int(path.split("/")[4])))

    def program(self, name, *arguments):
        """A command of the server's version, as its superuser where it connects."""
        return [os.path.join(self.programs, name), *arguments]

    def client(self, name, *arguments):
        return self.program(name, "-h", self.socket, "-U", "postgres", *arguments)

    def create(self):
        quiet(*self.account(), *self.program(
            "initdb", "-D", os.path.join(self.data, "cluster"), "-U", "postgres", "-A", "trust", "-E", "UTF8",
            "--locale=C.UTF-8", "--no-sync", "--no-instructions"), environment=self.environment())
        with open(os.path.join(self.data, "cluster", "postgresql.conf"), "a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in self.settings)

    def command(self):
        return self.program("postgres", "-D", os.path.join(self.data, "cluster"), "-k", self.socket)

    def answers(self):
        asked = subprocess.run(
            self.client("pg_isready", "-q", "-d", "postgres"), check=False, env=self.environment(),
            stderr=subprocess.DEVNULL)
        return asked.returncode == 0

    def prepare(self):
        quiet(*self.client("createdb", self.database), environment=self.environment())

    def sql(self, lines):
        self.feed(self.client("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", self.database), lines)

    def dump(self, path):
        """A plain dump; with a fixed key for `\\restrict` where pg_dump takes one, so that equal data gives equal bytes."""
        options = []
        if "--restrict-key" in output(*self.program("pg_dump", "--help")):
            options = ["--restrict-key=lifeboatbenchmark"]
        with open(path, "wb") as target:
            quiet(*self.client("pg_dump", *options, self.database), environment=self.environment(), stdout=target)

    def base_backup(self, path):
        """A physical backup: the cluster's files as one tar archive, without the write-ahead log."""
        with open(path, "wb") as target:
            quiet(
                *self.client("pg_basebackup", "-Ft", "-c", "fast", "-X", "none", "-D", "-"),
                environment=self.environment(), stdout=target)

    def version(self):
        return output(*self.program("postgres", "--version")).strip()


class MariaDB(Server):
    """A MariaDB server with one database."""

    def __init__(self, scratch, database):
        super().__init__(scratch)
        self.database = database
        for name in ("mariadbd", "mariadb-install-db", "mariadb-dump"):
            if find(name) is None:
                raise Problem(f"there is no {name}: install the Debian packages mariadb-server-core and mariadb-client")

    def client(self, name, *arguments):
        return [name, "--no-defaults", "-uroot", "-S", os.path.join(self.socket, "s"), *arguments]

    def create(self):
        quiet(
            *self.account(), find("mariadb-install-db"), "--no-defaults", "--skip-test-db",
            f"--datadir={os.path.join(self.data, 'data')}", "--auth-root-authentication-method=normal",
            environment=self.environment())

    def command(self):
        return [
            find("mariadbd"), "--no-defaults", f"--datadir={os.path.join(self.data, 'data')}",
            f"--socket={os.path.join(self.socket, 's')}", f"--pid-file={os.path.join(self.data, 'pid')}",
            f"--tmpdir={self.data}", "--skip-networking", "--innodb-buffer-pool-size=512M",
            "--innodb-log-file-size=256M", "--innodb-flush-log-at-trx-commit=0", "--max-allowed-packet=64M"]

    def answers(self):
        asked = subprocess.run(
            self.client("mariadb-admin", "ping"), check=False, env=self.environment(), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        return asked.returncode == 0

    def prepare(self):
        self.feed(self.client("mariadb"), [f"CREATE DATABASE {self.database} CHARACTER SET utf8mb4;\n"])

    def sql(self, lines):
        self.feed(self.client("mariadb", self.database), lines)

    def dump(self, path):
        with open(path, "wb") as target:
            quiet(
                *self.client("mariadb-dump", "--single-transaction", "--skip-dump-date", self.database),
                environment=self.environment(), stdout=target)

    def version(self):
        return output(find("mariadbd"), "--version").strip()


def find(name):
    """The path of a program, also where Debian keeps those of administrators."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
