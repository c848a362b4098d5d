// Pages and routes are bundled apart: what both of them see is global.
const SIZE = 20;

const todos = (globalThis.todos ??= Array.from({ length: SIZE }, (_, at) => ({
  id: at + 1,
  text: `Thing number ${at + 1} to do`,
  completed: at % 3 === 0,
})));

export const latest = () => todos;

/** Add one, and forget the oldest; a RangeError says that the text is too long, or none. */
export function append(text) {
  if (typeof text !== "string" || text.length < 1 || text.length > 200) throw new RangeError("1 to 200 characters");
  const todo = { id: todos.at(-1).id + 1, text, completed: false };
  todos.push(todo);
  todos.shift();
  return todo;
}
