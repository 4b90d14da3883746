"""Ask this container's worker for /health/live or /health/ready; exit code 0 when it says yes.

    python -I container_health.py live

Run by the engine every few seconds, so it loads as little as it can. It reads the variables that the worker
reads; a port that only millrace.toml names it does not know.
"""

import http.client
import os
import sys


def main(which: str) -> int:
    """Print what the worker answers; return 0 for its 200."""
    if os.environ.get("MILLRACE_HTTP", "").lower() in ("0", "false", "no", "off", "f", "n"):
        return 0
    port = int(os.environ.get("MILLRACE_HTTP_PORT") or 9464)
    host = os.environ.get("MILLRACE_HTTP_HOST") or "127.0.0.1"
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - where it listens, not us
    try:
        connection = http.client.HTTPConnection(host, port, timeout=3)
        connection.request("GET", f"/health/{which}")
        answer = connection.getresponse()
        print(answer.status, answer.read(2000).decode("utf-8", "replace"))
    except (OSError, http.client.HTTPException) as error:
        print(f"{host}:{port}: {error}")
        return 1
    return int(answer.status != 200)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
