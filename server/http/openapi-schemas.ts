// Schemas for the document: those with a title become components, and wherever they occur a reference takes their place.
import type { Schema } from '../wire/parse.ts';

type Json = Record<string, unknown>;

export interface SchemaShelf {
  /** The schema as plain JSON, or the reference to its component. */
  refer(schema: Schema): Json;
  /** By name, in the order of the alphabet. */
  components(): Record<string, Json>;
}

export function createSchemaShelf(): SchemaShelf {
  const shelf = new Map<string, Json>();

  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    if (!isRecord(value)) return value;
    if (typeof value['title'] === 'string' && value['type'] === 'object') return refer(value);
    return inside(value);
  };
  const inside = (schema: Json): Json =>
    Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, walk(value)]));

  const refer = (schema: Json): Json => {
    const { title } = schema;
    if (typeof title !== 'string') return inside(schema);
    const { title: _said, ...body } = schema;
    const component = inside(body);
    const known = shelf.get(title);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(component)) {
      throw new Error(`two schemas have the title ${title}`);
    }
    shelf.set(title, component);
    return { $ref: `#/components/schemas/${title}` };
  };

  return {
    refer: (schema) => refer(asJson(schema)),
    components: () => Object.fromEntries([...shelf].toSorted(([a], [b]) => (a < b ? -1 : 1))),
  };
}

export function propertiesOf(schema: Schema): Record<string, Schema> {
  const { properties } = asJson(schema);
  return isRecord(properties) ? Object.fromEntries(Object.entries(properties).filter(isSchemaEntry)) : {};
}

export function requiredOf(schema: Schema): string[] {
  const { required } = asJson(schema);
  return Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [];
}

function isSchemaEntry(entry: [string, unknown]): entry is [string, Schema] {
  return isRecord(entry[1]);
}

function asJson(schema: Schema): Json {
  return { ...schema };
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
