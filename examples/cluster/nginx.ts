import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Program, startProgram } from './program.js'

interface NginxOptions {
  port: number
  /** Those of the instances. */
  ports: number[]
  folder: string
  keep: (program: Program) => void
}

/** nginx in front of the instances: whoever comes back after one has died reaches another. */
export function startNginx ({ port, ports, folder, keep }: NginxOptions): void {
  const path = join(folder, 'nginx.conf')
  writeFileSync(path, config(port, ports, folder))
  keep(startProgram('nginx', ['-p', folder, '-c', path, '-e', 'stderr']))
}

/** @see https://nginx.org/en/docs/http/ngx_http_proxy_module.html and https://nginx.org/en/docs/http/ngx_http_upstream_module.html */
function config (port: number, ports: number[], folder: string): string {
  return `
# One process, in the foreground, with all of its files in one folder: for this example only.
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr crit;
events {}

http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${folder}/${name};`).join('\n  ')}

  upstream instances {
    # To the instance with the fewest connections. The default takes turns by requests, however many streams an instance
    # has already: streams last, and one that was restarted would stay without.
    least_conn;
    # After one failure an instance is left alone for a second; then one request tries it again.
    ${ports.map(each => `server 127.0.0.1:${each} max_fails=1 fail_timeout=1s;`).join('\n    ')}
  }

  server {
    listen 127.0.0.1:${port};

    location / {
      proxy_pass http://instances;
      proxy_set_header Host $http_host;

      # The default, 1.0, has no chunks: a stream that was cut would look like one that is complete.
      proxy_http_version 1.1;
      # Instead of 'close', so that it is the instance which says how long a connection lasts.
      proxy_set_header Connection "";

      # Each event goes on when it comes. (The plugin also asks for it, by X-Accel-Buffering: no.)
      proxy_buffering off;
      # The longest silence between two reads. A heartbeat comes every 15 s (heartbeatMs).
      proxy_read_timeout 60s;

      # An instance that refuses the connection, or dies before it has answered, is skipped, and the next is asked. A POST
      # that was sent already is not sent again: for that one would have to say non_idempotent.
      proxy_next_upstream error timeout;
      # All of them, once. A machine that is off does not refuse: after this time it is taken for dead.
      proxy_next_upstream_tries ${ports.length};
      proxy_connect_timeout 1s;
    }
  }
}
`
}
