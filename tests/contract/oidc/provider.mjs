/*
 * Two certified OpenID providers, as people's own: node provider.mjs PORT
 * REDIRECT-URI OTHER-REDIRECT-URI. The one on PORT signs with RSA and puts what
 * it knows of a person into the ID token; the one on PORT + 1 signs with an
 * elliptic curve and tells it at userinfo only. Whoever signs in is called by
 * their login name: "abebe" is abebe@example.com, "unproven-x" has an address
 * that nobody has proven. Keys are new at each start. Ends with its input.
 */
import { generateKeyPairSync } from 'node:crypto';
import { Provider } from 'oidc-provider';

const [port, ...redirects] = process.argv.slice(2);

function key(kind, options, alg) {
	const { privateKey } = generateKeyPairSync(kind, options);

	return { ...privateKey.export({ format: 'jwk' }), alg, use: 'sig' };
}

function person(ctx, id) {
	return {
		accountId: id,
		claims: () => ({
			sub: id,
			name: `Person ${id}`,
			email: `${id}@example.com`,
			email_verified: !id.startsWith('unproven'),
		}),
	};
}

function listen(at, redirect, alg, conforming) {
	const provider = new Provider(`http://127.0.0.1:${at}`, {
		clients: [{
			client_id: 'merkato & sons',
			client_secret: 'a secret: 100% of it',
			redirect_uris: [redirect],
			grant_types: ['authorization_code'],
			response_types: ['code'],
			id_token_signed_response_alg: alg,
			token_endpoint_auth_method: 'client_secret_basic',
		}],
		pkce: { required: () => true },
		features: { devInteractions: { enabled: true } },
		scopes: ['openid', 'email', 'profile'],
		claims: { email: ['email', 'email_verified'], profile: ['name'] },
		conformIdTokenClaims: conforming,
		findAccount: person,
		jwks: { keys: [
			key('rsa', { modulusLength: 2048 }, 'RS256'),
			key('ec', { namedCurve: 'P-256' }, 'ES256'),
		] },
		cookies: { keys: ['only for tests'] },
	});

	return new Promise((done) => provider.listen(at, '127.0.0.1', done));
}

/* Nobody reads on after the first line. */
process.stdout.on('error', () => {});
process.stdin.on('end', () => process.exit(0)).resume();
await listen(Number(port), redirects[0], 'RS256', false);
await listen(Number(port) + 1, redirects[1], 'ES256', true);
console.log('ready');
