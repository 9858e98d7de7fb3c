;; The product of two matrices, C = A·B or C += A·B, four float32 numbers at a time.
;;
;; All sizes are counts of numbers, all places and steps are bytes in the memory. The number of A in
;; row i and column k lies at a + i·aRow + k·aColumn: with the two steps exchanged, A is read as its
;; transpose. The numbers of a row of B and of C lie side by side.
;;
;; C is computed in tiles of 4 rows × 8 columns, whose 32 sums stay in registers while k runs; what
;; is left over at the bottom in tiles of 1 × 8, and at the right edge number by number.
(module
  (import "page" "memory" (memory 1))

  ;; Eight numbers of C, of which $low and $high are the sums: written, or added to what is there.
  (func $store (param $c i32) (param $add i32) (param $low v128) (param $high v128)
    (if (local.get $add) (then
      (local.set $low (f32x4.add (local.get $low) (v128.load (local.get $c))))
      (local.set $high (f32x4.add (local.get $high) (v128.load offset=16 (local.get $c))))))
    (v128.store (local.get $c) (local.get $low))
    (v128.store offset=16 (local.get $c) (local.get $high)))

  ;; Four rows and eight columns: each number of A is multiplied by eight of B.
  (func $tile4x8
    (param $count i32) (param $a i32) (param $aRow i32) (param $aColumn i32)
    (param $b i32) (param $bRow i32) (param $c i32) (param $cRow i32) (param $add i32)
    (local $a1 i32) (local $a2 i32) (local $a3 i32)
    (local $value v128) (local $left v128) (local $right v128)
    (local $s00 v128) (local $s01 v128) (local $s10 v128) (local $s11 v128)
    (local $s20 v128) (local $s21 v128) (local $s30 v128) (local $s31 v128)
    (local.set $a1 (i32.add (local.get $a) (local.get $aRow)))
    (local.set $a2 (i32.add (local.get $a1) (local.get $aRow)))
    (local.set $a3 (i32.add (local.get $a2) (local.get $aRow)))
    (loop $next
      (local.set $left (v128.load (local.get $b)))
      (local.set $right (v128.load offset=16 (local.get $b)))
      (local.set $value (v128.load32_splat (local.get $a)))
      (local.set $s00 (f32x4.add (local.get $s00) (f32x4.mul (local.get $value) (local.get $left))))
      (local.set $s01 (f32x4.add (local.get $s01) (f32x4.mul (local.get $value) (local.get $right))))
      (local.set $value (v128.load32_splat (local.get $a1)))
      (local.set $s10 (f32x4.add (local.get $s10) (f32x4.mul (local.get $value) (local.get $left))))
      (local.set $s11 (f32x4.add (local.get $s11) (f32x4.mul (local.get $value) (local.get $right))))
      (local.set $value (v128.load32_splat (local.get $a2)))
      (local.set $s20 (f32x4.add (local.get $s20) (f32x4.mul (local.get $value) (local.get $left))))
      (local.set $s21 (f32x4.add (local.get $s21) (f32x4.mul (local.get $value) (local.get $right))))
      (local.set $value (v128.load32_splat (local.get $a3)))
      (local.set $s30 (f32x4.add (local.get $s30) (f32x4.mul (local.get $value) (local.get $left))))
      (local.set $s31 (f32x4.add (local.get $s31) (f32x4.mul (local.get $value) (local.get $right))))
      (local.set $a (i32.add (local.get $a) (local.get $aColumn)))
      (local.set $a1 (i32.add (local.get $a1) (local.get $aColumn)))
      (local.set $a2 (i32.add (local.get $a2) (local.get $aColumn)))
      (local.set $a3 (i32.add (local.get $a3) (local.get $aColumn)))
      (local.set $b (i32.add (local.get $b) (local.get $bRow)))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (call $store (local.get $c) (local.get $add) (local.get $s00) (local.get $s01))
    (local.set $c (i32.add (local.get $c) (local.get $cRow)))
    (call $store (local.get $c) (local.get $add) (local.get $s10) (local.get $s11))
    (local.set $c (i32.add (local.get $c) (local.get $cRow)))
    (call $store (local.get $c) (local.get $add) (local.get $s20) (local.get $s21))
    (local.set $c (i32.add (local.get $c) (local.get $cRow)))
    (call $store (local.get $c) (local.get $add) (local.get $s30) (local.get $s31)))

  ;; One row and eight columns.
  (func $tile1x8
    (param $count i32) (param $a i32) (param $aColumn i32)
    (param $b i32) (param $bRow i32) (param $c i32) (param $add i32)
    (local $value v128) (local $low v128) (local $high v128)
    (loop $next
      (local.set $value (v128.load32_splat (local.get $a)))
      (local.set $low
        (f32x4.add (local.get $low) (f32x4.mul (local.get $value) (v128.load (local.get $b)))))
      (local.set $high
        (f32x4.add (local.get $high)
          (f32x4.mul (local.get $value) (v128.load offset=16 (local.get $b)))))
      (local.set $a (i32.add (local.get $a) (local.get $aColumn)))
      (local.set $b (i32.add (local.get $b) (local.get $bRow)))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (call $store (local.get $c) (local.get $add) (local.get $low) (local.get $high)))

  ;; A single number of C.
  (func $number
    (param $count i32) (param $a i32) (param $aColumn i32)
    (param $b i32) (param $bRow i32) (param $c i32) (param $add i32)
    (local $sum f32)
    (loop $next
      (local.set $sum
        (f32.add (local.get $sum) (f32.mul (f32.load (local.get $a)) (f32.load (local.get $b)))))
      (local.set $a (i32.add (local.get $a) (local.get $aColumn)))
      (local.set $b (i32.add (local.get $b) (local.get $bRow)))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (if (local.get $add) (then
      (local.set $sum (f32.add (local.get $sum) (f32.load (local.get $c))))))
    (f32.store (local.get $c) (local.get $sum)))

  ;; The columns of C that begin at $b and $c: eight of them, or a single one where $wide is 0.
  (func $strip
    (param $rows i32) (param $wide i32) (param $count i32)
    (param $a i32) (param $aRow i32) (param $aColumn i32)
    (param $b i32) (param $bRow i32) (param $c i32) (param $cRow i32) (param $add i32)
    (loop $next
      (if (i32.and (local.get $wide) (i32.ge_s (local.get $rows) (i32.const 4)))
        (then
          (call $tile4x8 (local.get $count) (local.get $a) (local.get $aRow) (local.get $aColumn)
            (local.get $b) (local.get $bRow) (local.get $c) (local.get $cRow) (local.get $add))
          (local.set $a (i32.add (local.get $a) (i32.mul (local.get $aRow) (i32.const 4))))
          (local.set $c (i32.add (local.get $c) (i32.mul (local.get $cRow) (i32.const 4))))
          (local.set $rows (i32.sub (local.get $rows) (i32.const 4))))
        (else
          (if (local.get $wide)
            (then
              (call $tile1x8 (local.get $count) (local.get $a) (local.get $aColumn)
                (local.get $b) (local.get $bRow) (local.get $c) (local.get $add)))
            (else
              (call $number (local.get $count) (local.get $a) (local.get $aColumn)
                (local.get $b) (local.get $bRow) (local.get $c) (local.get $add))))
          (local.set $a (i32.add (local.get $a) (local.get $aRow)))
          (local.set $c (i32.add (local.get $c) (local.get $cRow)))
          (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))))
      (br_if $next (i32.gt_s (local.get $rows) (i32.const 0)))))

  ;; All of C, a strip of eight columns after the other: so the strip of B stays in the cache.
  (func (export "multiply")
    (param $rows i32) (param $columns i32) (param $count i32)
    (param $a i32) (param $aRow i32) (param $aColumn i32)
    (param $b i32) (param $bRow i32) (param $c i32) (param $cRow i32) (param $add i32)
    (local $wide i32) (local $step i32)
    (loop $next
      (local.set $wide (i32.ge_s (local.get $columns) (i32.const 8)))
      (local.set $step (select (i32.const 8) (i32.const 1) (local.get $wide)))
      (call $strip (local.get $rows) (local.get $wide) (local.get $count)
        (local.get $a) (local.get $aRow) (local.get $aColumn)
        (local.get $b) (local.get $bRow) (local.get $c) (local.get $cRow) (local.get $add))
      (local.set $b (i32.add (local.get $b) (i32.shl (local.get $step) (i32.const 2))))
      (local.set $c (i32.add (local.get $c) (i32.shl (local.get $step) (i32.const 2))))
      (local.set $columns (i32.sub (local.get $columns) (local.get $step)))
      (br_if $next (i32.gt_s (local.get $columns) (i32.const 0))))))
