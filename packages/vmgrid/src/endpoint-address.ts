/**
 * Says what is wrong with the address of an endpoint; undefined: nothing. A reverse proxy may have it below a path. The
 * address may hold a password, so it is not shown.
 */
export function faultOfAddress(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    return 'the address of an endpoint is http:// or https:// with a host and a port, such as http://127.0.0.1:7780';
  }
  if (url.username !== '' || url.password !== '') {
    return 'the address of an endpoint has no user and password: name the file of a token with --token-file';
  }
  if (/\/v1\/*$/.test(url.pathname)) return 'the address of an endpoint is without the /v1 of its routes';
  return undefined;
}
