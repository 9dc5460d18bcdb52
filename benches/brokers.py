"""Starts the brokers of a comparison and runs the load generator against them."""

import json
import os
import shlex
import socket
import subprocess
import tempfile
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def certificates(folder):
    """Creates a CA and a server certificate for localhost, both ECDSA P-256. All brokers use the same certificates."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=load CA")
    openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    (folder / "server.ext").write_text(
        "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", "2", "-extfile", "server.ext", "-out", "server.pem")


def is_encrypted(transport):
    return transport in ("tls", "wss", "quic")


def tidegate(options, folder, transport, port):
    server = {"certificate": str(folder / "server.pem"), "key": str(folder / "server.key")}
    listener = {"name": "load", "transport": transport, "address": f"127.0.0.1:{port}"}
    if is_encrypted(transport):
        listener["tls"] = server
    config = folder / "tidegate.yaml"
    config.write_text(json.dumps({"listeners": [listener], "log": {"level": "warn"},
                                  "persistence": {"durability": options.durability}}))
    data = tempfile.mkdtemp(dir=folder)
    return [options.tidegate, "serve", "--data", data, "--config", str(config)]


def mosquitto(options, folder, transport, port):
    lines = [f"listener {port} 127.0.0.1", "allow_anonymous true", "persistence false", "log_type error",
             "max_inflight_messages 0", "max_queued_messages 0", "max_queued_bytes 0", "set_tcp_nodelay true"]
    if transport == "tls":
        lines += [f"certfile {folder / 'server.pem'}", f"keyfile {folder / 'server.key'}"]
    if os.geteuid() == 0:
        lines.append("user root")
    config = folder / "mosquitto.conf"
    config.write_text("\n".join(lines) + "\n")
    return [options.mosquitto, "-c", str(config)]


def relay(options, folder, transport, port):
    command = [options.load, "relay", "--listen", f"127.0.0.1:{port}"]
    if is_encrypted(transport):
        command += ["--certificate", str(folder / "server.pem"), "--key", str(folder / "server.key")]
    return command + ["--quic"] * (transport == "quic")


def from_template(template):
    """Returns the start function of a broker that was given as `--broker NAME=COMMAND`."""
    def command(_options, folder, transport, port):
        places = {"port": port, "transport": transport, "folder": tempfile.mkdtemp(dir=folder),
                  "cert": folder / "server.pem", "key": folder / "server.key"}
        return [part.format(**places) for part in shlex.split(template)]
    return command


# Each function returns the command that starts the broker on a port of 127.0.0.1.
BROKERS = {"tidegate": tidegate, "mosquitto": mosquitto, "relay": relay}


def wait_until_listening(process, port, transport):
    """Waits until the broker accepts connections. A QUIC listener cannot be probed by connecting, so for QUIC the
    function waits until the UDP port is in use."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"the broker exited during start-up with status {process.returncode}: {process.args}")
        if is_taken(port) if transport == "quic" else is_open(port):
            return
        time.sleep(0.05)
    raise SystemExit(f"the broker did not listen on port {port} within 15 s: {process.args}")


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_taken(port):
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def load(options, folder, arguments, transport, port, pid):
    """Runs the load generator and returns its report."""
    command = [options.load, *arguments, "--target", f"127.0.0.1:{port}", "--pid", str(pid), "--json",
               "--transport", transport]
    if is_encrypted(transport):
        command += ["--ca", str(folder / "ca.pem")]
    if arguments[0] == "idle" and "--connections" not in arguments:
        command += ["--connections", str(options.connections)]
    elif arguments[0] not in ("idle", "retained"):
        command += ["--seconds", str(options.seconds)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if run.returncode not in (0, 1) or not run.stdout:
        return {"error": run.stderr.strip() or f"the load generator exited with status {run.returncode}"}
    return json.loads(run.stdout)


def measure(options, folder, broker, arguments, transport):
    """Starts a fresh broker, runs the load generator once, and returns its report."""
    port = free_port()
    process = subprocess.Popen(options.brokers[broker](options, folder, transport, port),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_listening(process, port, transport)
        time.sleep(0.3)
        return load(options, folder, arguments, transport, port, process.pid)
    finally:
        process.terminate()
        process.wait(30)
