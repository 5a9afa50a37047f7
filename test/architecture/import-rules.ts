// Judges imports against the table of rooms, and finds circles.
import { isBuiltin } from 'node:module';
import { onlyForTests, roomOf, type Room } from './rooms.ts';
import type { Import, SourceFile } from './source-files.ts';

/** One sentence for each import that the table does not allow. */
export function forbiddenImports(sources: readonly SourceFile[]): string[] {
  return sources.flatMap((source) => {
    const room = roomOf(source.path);
    if (room === undefined) return [`${source.path}: belongs to no room; add one to test/architecture/rooms.ts`];
    return source.imports.flatMap((found) => {
      const fault = faultOf(room, source.path, found);
      return fault === undefined ? [] : [`${source.path}:${found.line}: ${fault}`];
    });
  });
}

function faultOf(room: Room, path: string, { specifier, file }: Import): string | undefined {
  if (specifier === undefined) {
    return room.packages === 'any' ? undefined : 'import() of something computed cannot be checked; name the module';
  }
  if (file === undefined) return packageFault(room, specifier);
  const target = roomOf(file);
  if (target?.path === onlyForTests && room.path !== onlyForTests) return `imports ${file}; only tests import tests`;
  if (target === undefined) return `imports ${file}, which belongs to no room`;
  if (room.rooms === 'any' || target === room || room.rooms.includes(target.path)) return undefined;
  const allowed = room.rooms.length === 0 ? 'nothing' : room.rooms.join(', ');
  return `${room.path} may import ${allowed}, not ${target.path} (${path} → ${file}); hub.ts hands functions across`;
}

function packageFault(room: Room, specifier: string): string | undefined {
  if (room.packages === 'any') return undefined;
  if (isBuiltin(specifier)) {
    if (!specifier.startsWith('node:')) return `write 'node:${specifier}'`;
    if (room.packages.includes('node:*')) return undefined;
  }
  if (room.packages.includes(packageOf(specifier))) return undefined;
  const allowed = room.packages.length === 0 ? 'no package' : `only ${room.packages.join(', ')}`;
  return `${room.path} may use ${allowed}, not '${specifier}'`;
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Each circle once, as `a → b → a`. */
export function importCircles(sources: readonly SourceFile[]): string[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) circles.push([...trail.slice(start), path].join(' → '));
    if (start >= 0 || done.has(path)) return;
    for (const { file } of byPath.get(path)?.imports ?? []) if (file !== undefined) visit(file, [...trail, path]);
    done.add(path);
  };
  for (const source of sources) visit(source.path, []);
  return circles;
}
