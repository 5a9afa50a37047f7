// Guards every entry: an older Node cannot even load a .ts file, so this plain module is preloaded and says what to do.
/**
 * The oldest Node that runs the hub: `[major, minor]`, the same as `engines.node` in package.json (a test holds them equal).
 * @type {readonly [number, number]}
 */
export const MINIMUM_NODE = [24, 15];

/**
 * One line that says what to do when `version` is too old; `undefined` when it will do.
 * @param {string} version as in `process.versions.node`
 * @returns {string | undefined}
 */
export function nodeComplaint(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor >= MINIMUM_NODE[1])) return undefined;
  return (
    `Verihub needs Node ${MINIMUM_NODE.join('.')} or newer and this is Node ${version}: ` +
    'run `npm ci` (with install scripts allowed), then `npm start`, which uses the pinned Node 24 from node_modules.'
  );
}

const complaint = nodeComplaint(process.versions.node);
if (complaint !== undefined) {
  console.error(complaint);
  process.exit(1);
}
