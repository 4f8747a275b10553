import type { ProxyKind } from './proxy.js'

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

export const nginx: ProxyKind = {
  name: 'nginx',
  binaries: ['nginx'],
  language: 'nginx',
  replaced: ({ port, folder, cert, key }) => ({
    // A single process, so that nothing is left of it when that is ended.
    'worker_processes auto;': 'master_process off;',
    'http {': `http { access_log off; ${TEMPORARY.map(name => `${name}_temp_path ${folder}/${name};`).join(' ')}`,
    'listen 443': `listen 127.0.0.1:${port}`,
    '/etc/ssl/app.crt': cert,
    '/etc/ssl/app.key': key
  }),
  arguments: (path, { folder }) => ['-p', folder, '-c', path, '-e', 'stderr', '-g', `daemon off; pid ${folder}/nginx.pid;`]
}

export const haproxy: ProxyKind = {
  name: 'HAProxy',
  binaries: ['haproxy'],
  language: 'haproxy',
  replaced: ({ port, pem }) => ({
    // Each takes two file descriptors, of which there may be few here.
    'maxconn 20000': 'maxconn 1000',
    'bind :443': `bind 127.0.0.1:${port}`,
    '/etc/haproxy/app.pem': pem
  }),
  arguments: path => ['-db', '-f', path]
}

export const caddy: ProxyKind = {
  name: 'Caddy',
  binaries: ['caddy'],
  language: 'caddyfile',
  replaced: ({ port, cert, key }) => ({
    'app.example.com {': `{\n  admin off\n  auto_https off\n}\nhttps://localhost:${port} {\n  bind 127.0.0.1`,
    '/etc/ssl/app.crt': cert,
    '/etc/ssl/app.key': key
  }),
  arguments: path => ['run', '--config', path, '--adapter', 'caddyfile']
}
